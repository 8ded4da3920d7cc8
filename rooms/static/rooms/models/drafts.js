/** What a person began to write, per room, kept in a Storage under the person's own keys; one set for each `kind`. */
export class Drafts {
  constructor(storage, owner, kind = "draft") {
    this.storage = storage;
    this.prefix = `parley.${kind}.${owner}.`;
  }

  get(room) {
    try {
      return this.storage.getItem(this.prefix + room) ?? "";
    } catch {
      return "";
    }
  }

  /** Keep the text, or forget the draft when it is blank; true when a draft appeared or went. */
  set(room, text) {
    const had = this.has(room);
    try {
      if (text.trim()) this.storage.setItem(this.prefix + room, text);
      else this.storage.removeItem(this.prefix + room);
    } catch {
      // A full or forbidden storage costs the draft after a reload, never the typing.
    }
    return had !== this.has(room);
  }

  has(room) {
    return this.get(room) !== "";
  }
}
