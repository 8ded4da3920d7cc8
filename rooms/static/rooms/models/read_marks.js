const DELAY = 250; // milliseconds over which reading is gathered

/** Tells how far each room was read, gathered, and again later when it could not be told. */
export class ReadMarks {
  #marks = new Map();
  #timer = null;

  /** `send(room, seq)` resolves once it was told, and rejects with `{code}`. */
  constructor({ send, timer = setTimeout.bind(globalThis) }) {
    this.send = send;
    this.timer = timer;
  }

  mark(room, seq) {
    this.#marks.set(room, seq);
    this.#timer ??= this.timer(() => this.flush(), DELAY);
  }

  /** Tell what waits; without a connection it goes on waiting. */
  async flush() {
    this.#timer = null;
    for (const [room, seq] of [...this.#marks]) {
      try {
        await this.send(room, seq);
      } catch (error) {
        if (error.code === "offline") return;
      }
      if (this.#marks.get(room) === seq) this.#marks.delete(room);
    }
  }
}
