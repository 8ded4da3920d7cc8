/** Made-up messages and a seeded source of chance, for the tests of the models. */

const START = Date.parse("2026-03-02T09:00:00Z");

export function message(seq, { version = seq, author = { id: 1, name: "Ann" }, ...rest } = {}) {
  const created_at = new Date(START + seq * 60_000).toISOString();
  return { id: 1_000 + seq, room: 7, seq, version, client_id: `client-${seq}`, author, body: `${seq}`, html: `<p>${seq}</p>`, created_at, ...rest };
}

/** Numbers in [0, 1), the same for the same seed. */
export function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function shuffled(list, random) {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [copy[at], copy[other]] = [copy[other], copy[at]];
  }
  return copy;
}

/** A room as a server keeps it: posts and edits, each raising the version. */
export class Room {
  version = 0;
  messages = [];
  events = [];

  post() {
    this.version += 1;
    this.#changed({ ...message(this.messages.length + 1), version: this.version });
  }

  edit(seq) {
    this.version += 1;
    this.#changed({ ...this.messages[seq - 1], version: this.version, body: `edited at ${this.version}` });
  }

  since(version) {
    return this.messages.filter((held) => held.version > version);
  }

  #changed(changed) {
    this.messages[changed.seq - 1] = changed;
    this.events.push({ version: this.version, message: changed });
  }
}

/** A timer to be run by hand: `run(milliseconds)` lets time pass. */
export class Clock {
  now = 0;
  #waiting = [];

  timer = (action, pause) => {
    this.#waiting.push({ at: this.now + pause, action });
    return {};
  };

  async run(milliseconds) {
    const until = this.now + milliseconds;
    await quiet();
    for (;;) {
      this.#waiting.sort((a, b) => a.at - b.at);
      if (!this.#waiting.length || this.#waiting[0].at > until) break;
      const { at, action } = this.#waiting.shift();
      this.now = at;
      action();
      await quiet();
    }
    this.now = until;
  }
}

/** A store as IndexedDB is one: shared by tabs, one change after the other, never at once; full, it rejects. */
export class Store {
  kept = new Map();
  full = false;

  async load() {
    await settled();
    if (this.full) throw new Error("full");
    return [...this.kept.values()].map((entry) => structuredClone(entry));
  }

  async update(id, change) {
    await settled();
    if (this.full) throw new Error("full");
    const entry = structuredClone(change(structuredClone(this.kept.get(id) ?? null)));
    if (entry) this.kept.set(id, entry);
    else this.kept.delete(id);
    return structuredClone(entry);
  }
}

/** Whose turn it is among several tabs. */
export class Turns {
  #last = new Map();

  alone = (name, action) => {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(action);
    this.#last.set(name, turn.catch(() => {}));
    return turn;
  };
}

/** Once everything that was promised and is ready has run. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Once what followed from that has run too. */
async function quiet() {
  for (let turn = 0; turn < 30; turn += 1) await settled();
}
