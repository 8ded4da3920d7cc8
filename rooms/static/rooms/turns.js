const PATIENCE = 12_000; // milliseconds; a tab that holds on for longer is asleep

/** What the tabs of one person agree on: whose turn it is, and that something changed. */
export class Turns {
  #channel;

  constructor(name) {
    this.name = name;
    this.#channel = new BroadcastChannel(name);
  }

  /** Let the other tabs know that something changed. */
  tell() {
    this.#channel.postMessage(null);
  }

  heard(listener) {
    this.#channel.addEventListener("message", () => listener());
  }

  /** Run `action` while no other tab runs one of this `part`; where a browser cannot tell, at once. */
  async alone(part, action) {
    // Only on secure pages, and a chat in a home network may be none.
    if (!navigator.locks) return action();
    const options = { signal: AbortSignal.timeout(PATIENCE) };
    try {
      return await navigator.locks.request(`${this.name}.${part}`, options, action);
    } catch (error) {
      if (error.name === "TimeoutError") return action();
      throw error;
    }
  }
}
