const DATABASE = "parley";
const ENTRIES = "outbox";
const PATIENCE = 3_000; // milliseconds; a database that does not answer is as good as none

/**
 * What one person has not sent yet, in IndexedDB, for all tabs and the next visit.
 *
 * A new entry lies in `journal`, a Storage, until it is written: a Storage is written at once, while a page that
 * is left takes its unfinished transactions with it. Everything rejects where the browser keeps nothing.
 */
export class OutboxStore {
  #opening = null;

  constructor(owner, { factory = globalThis.indexedDB, journal }) {
    this.owner = owner;
    this.factory = factory;
    this.journal = journal;
    this.prefix = `parley.outbox.${owner}.`;
  }

  async load() {
    for (const id of this.#noted()) await this.#recover(id);
    return this.#transaction("readonly", (entries, result) => {
      entries.index("owner").getAll(this.owner).onsuccess = ({ target }) => result(target.result);
    });
  }

  /** Change one entry, with no other tab in between; resolves to what it is then. */
  async update(id, change) {
    const isNoted = this.#note(id, change(null));
    try {
      return await this.#write(id, change);
    } finally {
      if (isNoted) this.#unnote(id);
    }
  }

  /** Write what a page has noted and may not live to write. One that lives has, where the note is gone by then. */
  async #recover(id) {
    await this.#write(id, (held) => held ?? this.#read(id));
    this.#unnote(id);
  }

  #write(id, change) {
    return this.#transaction("readwrite", (entries, result) => {
      entries.get(id).onsuccess = ({ target }) => {
        const entry = change(target.result ?? null);
        if (entry) entries.put({ ...entry, owner: this.owner });
        else entries.delete(id);
        result(entry);
      };
    });
  }

  /** Lay what is new into the journal: it is what `change` makes of nothing. */
  #note(id, entry) {
    if (!entry) return false;
    try {
      this.journal.setItem(this.prefix + id, JSON.stringify(entry));
      return true;
    } catch {
      return false;
    }
  }

  #unnote(id) {
    this.journal.removeItem(this.prefix + id);
  }

  /** The ids of what lies in the journal. */
  #noted() {
    const keys = Object.keys(this.journal).filter((key) => key.startsWith(this.prefix));
    return keys.map((key) => key.slice(this.prefix.length));
  }

  #read(id) {
    try {
      return JSON.parse(this.journal.getItem(this.prefix + id));
    } catch {
      return null; // not one of ours
    }
  }

  async #transaction(mode, action) {
    const database = await this.#open();
    return inTime((resolve, reject) => {
      let found;
      const transaction = database.transaction(ENTRIES, mode);
      transaction.oncomplete = () => resolve(found);
      transaction.onabort = () => reject(transaction.error);
      action(transaction.objectStore(ENTRIES), (value) => (found = value));
    });
  }

  #open() {
    this.#opening ??= inTime((resolve, reject) => {
      const request = this.factory.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(ENTRIES, { keyPath: "client_id" }).createIndex("owner", "owner");
      };
      request.onsuccess = () => resolve(this.#opened(request.result));
      request.onerror = () => reject(request.error);
    });
    return this.#opening;
  }

  #opened(database) {
    const close = () => {
      database.close();
      this.#opening = null;
    };
    database.onversionchange = close;
    database.onclose = close;
    return database;
  }
}

/** A promise that rejects when it takes too long. */
function inTime(executor) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The database does not answer.")), PATIENCE);
    const done = (action) => (value) => {
      clearTimeout(timer);
      action(value);
    };
    executor(done(resolve), done(reject));
  });
}
