const BACKOFF = [1_000, 2_000, 4_000, 8_000, 15_000]; // milliseconds between attempts that got no answer
const ATTEMPTS = 8; // unanswered attempts before the person is asked
const WAITS = new Set(["rate_limited", "unavailable"]); // the server asks to come again

/**
 * Messages on their way out, in order within each room.
 *
 * An entry is `{client_id, room, body, created_at, state, error}`; `state` is `queued`, `sending` or `failed`.
 * An entry is sent until it is answered, always under the same `client_id`, so the server keeps it once.
 * `send(entry)` resolves when the message is kept and rejects with `{code, message, retryAfter}`;
 * the code `offline` parks the room until `resume()`, `no_answer` is tried again after a pause.
 */
export class Outbox {
  #entries = [];
  #busy = new Set();
  #timers = new Map();

  constructor({ send, changed, timer = setTimeout.bind(globalThis), random = Math.random }) {
    this.send = send;
    this.changed = changed;
    this.timer = timer;
    this.random = random;
  }

  get size() {
    return this.#entries.length;
  }

  /** The entries of one room, oldest first. */
  of(room) {
    return this.#entries.filter((entry) => entry.room === room);
  }

  add({ client_id, room, body, created_at }) {
    this.#entries.push({ client_id, room, body, created_at, state: "queued", error: null, attempts: 0 });
    this.changed(room);
    this.#next(room);
  }

  /** The connection is there: go on in every room. */
  resume() {
    for (const room of new Set(this.#entries.map((entry) => entry.room))) {
      this.#timers.delete(room);
      this.#next(room);
    }
  }

  retry(client_id) {
    const entry = this.#find(client_id);
    if (entry?.state !== "failed") return;
    Object.assign(entry, { state: "queued", error: null, attempts: 0 });
    this.changed(entry.room);
    this.#next(entry.room);
  }

  /** Forget an entry: it was given up, or the message was seen in the room. */
  remove(client_id) {
    const entry = this.#find(client_id);
    if (!entry) return null;
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.changed(entry.room);
    return entry;
  }

  #find(client_id) {
    return this.#entries.find((entry) => entry.client_id === client_id);
  }

  async #next(room) {
    if (this.#busy.has(room) || this.#timers.has(room)) return;
    const entry = this.of(room).find((candidate) => candidate.state !== "failed");
    if (!entry) return;
    this.#busy.add(room);
    entry.state = "sending";
    let pause = 0;
    try {
      await this.send(entry);
      this.remove(entry.client_id);
    } catch (error) {
      pause = this.#refused(entry, error);
    } finally {
      this.#busy.delete(room);
    }
    if (pause === null) return;
    if (pause === 0) this.#next(room);
    else this.#later(room, pause);
  }

  /** What to do about a refusal: milliseconds to wait, 0 to go on, null to stay until `resume()`. */
  #refused(entry, error) {
    entry.state = "queued";
    if (error.code === "offline") return null;
    if (WAITS.has(error.code)) return this.#jitter((error.retryAfter ?? 2) * 1_000);
    entry.attempts += 1;
    if (error.code === "no_answer" && entry.attempts < ATTEMPTS) {
      return this.#jitter(BACKOFF[Math.min(entry.attempts, BACKOFF.length) - 1]);
    }
    Object.assign(entry, { state: "failed", error });
    this.changed(entry.room);
    return 0;
  }

  #jitter(milliseconds) {
    return milliseconds * (1 + this.random() * 0.5);
  }

  #later(room, pause) {
    const handle = this.timer(() => {
      // A resume() in between has already gone on, and may wait for a later turn of its own.
      if (this.#timers.get(room) !== handle) return;
      this.#timers.delete(room);
      this.#next(room);
    }, pause);
    this.#timers.set(room, handle);
  }
}
