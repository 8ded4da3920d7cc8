/** The connection to the server; the only module that knows socket.io-client. */
import { io } from "socket.io-client";

const ACK_TIMEOUT = 8_000; // milliseconds
const RECONNECT = { reconnectionDelay: 500, reconnectionDelayMax: 5_000, randomizationFactor: 0.5 };
const FINAL = new Set(["unauthenticated", "forbidden", "not_found"]); // asking again would get the same answer

const SENTENCES = {
  offline: "There is no connection to the server.",
  no_answer: "The server did not answer.",
  internal: "Something went wrong on the server.",
};

/** A command that was refused or not answered: `code`, `message`, `fields` by name, `retryAfter` in seconds. */
export class Refusal extends Error {
  constructor({ code = "internal", message, fields = {}, retry_after = null } = {}) {
    super(message || SENTENCES[code] || SENTENCES.internal);
    this.code = code;
    this.fields = fields ?? {};
    this.retryAfter = retry_after;
  }
}

/**
 * One namespace. Fires `state` when `state` changes: `connecting`, `online`, `offline` or `refused`
 * (then `refusal` says why, and nothing is tried until `renew()`).
 */
export class Connection extends EventTarget {
  state = "connecting";
  refusal = null;
  #socket;
  #timer = null;

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

  /** Connect anew, with the cookies of now: they are read only when a connection is made. */
  renew() {
    clearTimeout(this.#timer);
    this.#socket.disconnect();
    this.#become("connecting");
    this.#socket.connect();
  }

  /** Try at once instead of waiting for the next turn, if there is no connection. */
  hasten() {
    if (this.state === "offline") this.renew();
  }

  #become(state, refusal = null) {
    this.refusal = refusal;
    if (state === this.state && !refusal) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  #dropped(reason) {
    if (reason === "io client disconnect") return;
    this.#become("offline");
    // The client library comes back by itself from everything but a server's good-bye.
    if (reason === "io server disconnect") this.#later(1_000);
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
    this.#become("offline");
    this.#later((refusal.retryAfter ?? 4) * 1_000);
  }

  #later(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.connect(), pause * (0.75 + Math.random() / 2));
  }
}
