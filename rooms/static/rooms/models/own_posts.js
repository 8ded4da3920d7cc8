const MOST = 500; // the newest ones are remembered

/** The client_ids of what was posted from this browser, kept in a Storage: how guests know what is theirs. */
export class OwnPosts {
  #ids;

  constructor(storage, owner) {
    this.storage = storage;
    this.key = `parley.own.${owner}`;
    this.#ids = new Set(this.#read());
  }

  has(client_id) {
    return this.#ids.has(client_id);
  }

  add(client_id) {
    if (this.has(client_id)) return;
    // Another tab may have posted, too.
    this.#ids = new Set([...this.#read(), ...this.#ids, client_id].slice(-MOST));
    try {
      this.storage.setItem(this.key, JSON.stringify([...this.#ids]));
    } catch {
      // A full or forbidden storage: after a reload they look like another guest's.
    }
  }

  #read() {
    try {
      return JSON.parse(this.storage.getItem(this.key)) ?? [];
    } catch {
      return [];
    }
  }
}
