/** The connection to the server; the only module that knows socket.io-client. */
import { io } from "socket.io-client";

const ACK_TIMEOUT = 8_000; // milliseconds
const WAKING = 2_000; // milliseconds after waking in which a connection is found to have died asleep
const ONLINE = 1_000; // milliseconds over which those come back who share a network that is back

/**
 * The first attempt comes after 0.5 to 3.5 s, the others after 4 s at most: all who lost a server are back within
 * 4 s after it is, and not in the same second.
 */
export const RECONNECT = { reconnectionDelay: 2_000, reconnectionDelayMax: 4_000, randomizationFactor: 0.75 };

const BUSY = 3; // seconds until a server is asked again that did not let one in and did not say when
const FINAL = new Set(["unauthenticated", "forbidden", "not_found"]); // asking again would get the same answer

const SENTENCES = {
  offline: "There is no connection to the server.",
  no_answer: "The server did not answer.",
  internal: "Something went wrong on the server.",
};

/**
 * A command that was refused or not answered: `code`, `message`, `fields` by name, `retryAfter` in seconds and whether
 * that is for `slowMode`; who is muted is told the `reason`, and `until` when.
 */
export class Refusal extends Error {
  constructor({ code = "internal", message, fields = {}, retry_after = null, slow_mode = false, reason = null, until = null } = {}) {
    super(message || SENTENCES[code] || SENTENCES.internal);
    this.code = code;
    this.fields = fields ?? {};
    this.retryAfter = retry_after;
    this.slowMode = slow_mode;
    this.reason = reason;
    this.until = until;
  }
}

/**
 * One namespace. Fires `state` when `state` changes: `connecting`, `online`, `offline`, `refused` (then `refusal` says
 * why, and nothing is tried until `renew()`) or `closed`, for good.
 */
export class Connection extends EventTarget {
  state = "connecting";
  refusal = null;
  #socket;
  #timer = null;
  #woken = -Infinity;

  constructor(namespace = "/") {
    super();
    this.#socket = io(namespace, { transports: ["websocket"], autoConnect: false, ...RECONNECT });
    this.#socket.on("connect", () => this.#become("online"));
    this.#socket.on("disconnect", (reason) => this.#dropped(reason));
    this.#socket.on("connect_error", (error) => this.#failed(error));
  }

  get online() {
    return this.state === "online";
  }

  open() {
    this.#socket.connect();
  }

  /** Listen to an event of the server, for as long as the page lives. */
  on(event, listener) {
    this.#socket.on(event, listener);
  }

  /** Send a command; resolves to the ack's data, rejects with a Refusal. An ack that says no is a refusal. */
  async request(command, payload = {}, timeout = ACK_TIMEOUT) {
    if (!this.#socket.connected) throw new Refusal({ code: "offline" });
    let ack;
    try {
      ack = await this.#socket.timeout(timeout).emitWithAck(command, payload);
    } catch {
      throw new Refusal({ code: this.#socket.connected ? "no_answer" : "offline" });
    }
    if (ack?.ok !== true) throw new Refusal(ack?.error);
    return ack.data;
  }

  /** Stay away: nothing brings this connection back. */
  close() {
    clearTimeout(this.#timer);
    this.#become("closed");
    this.#socket.disconnect();
  }

  /** Connect anew, with the cookies of now: they are read only when a connection is made. */
  renew() {
    if (this.state === "closed") return;
    clearTimeout(this.#timer);
    this.#socket.disconnect();
    this.#become("connecting");
    this.#socket.connect();
  }

  /** The person is back: try at once if there is no connection, also if it turns out to have died meanwhile. */
  wake() {
    this.#woken = performance.now();
    if (this.state === "offline") this.renew();
  }

  /** The network is back, perhaps for many: try soon. */
  hasten() {
    if (this.state === "offline") this.#after(Math.random() * ONLINE, () => this.wake());
  }

  #become(state, refusal = null) {
    this.refusal = refusal;
    if (state === this.state && !refusal) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  #dropped(reason) {
    // What the client library keeps for the next connection might be said there in somebody else's name.
    this.#socket.sendBuffer.length = 0;
    if (reason === "io client disconnect") return;
    this.#become("offline");
    // Not within this event: the client library has not finished with the old connection.
    if (performance.now() - this.#woken < WAKING) this.#after(0, () => this.wake());
    // The client library comes back by itself from everything but a server's good-bye.
    else if (reason === "io server disconnect") this.#after(spread(1_000));
  }

  #failed(error) {
    if (this.#socket.active) {
      this.#become("offline");
      return;
    }
    const refusal = new Refusal({ code: "unavailable", message: error.message, ...error.data });
    if (FINAL.has(refusal.code)) {
      this.#become("refused", refusal);
      return;
    }
    this.#become("offline", refusal);
    this.#after(spread((refusal.retryAfter ?? BUSY) * 1_000));
  }

  #after(pause, action = () => this.#socket.connect()) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, pause);
  }
}

/** Not less than `pause`, and for each client something else: who was sent away together does not come back together. */
function spread(pause) {
  return pause * (1 + Math.random());
}
