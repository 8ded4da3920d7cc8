/**
 * The messages of one room that this page holds: one unbroken stretch up to the newest, ordered by
 * `seq`, each message in its latest version.
 *
 * `version` is the room's change number up to which nothing is missing here. Changes that arrive
 * ahead of a missing one are kept and counted once the missing one is there.
 */
export class Timeline {
  version = 0;
  atStart = false;
  #messages = [];
  #ahead = new Set();

  constructor(room) {
    this.room = room;
  }

  get messages() {
    return this.#messages;
  }

  get first() {
    return this.#messages[0] ?? null;
  }

  get last() {
    return this.#messages.at(-1) ?? null;
  }

  /** Whether a change is known to be missing. */
  get hasGap() {
    return this.#ahead.size > 0;
  }

  /** Hold this page, the newest, in place of all that was held; later changes already seen stay. */
  reset(messages, version, hasMore = messages.length > 0 && messages[0].seq > 1) {
    const later = this.#messages.filter((message) => message.version > version);
    this.#messages = [...messages].sort((a, b) => a.seq - b.seq);
    this.version = version;
    this.atStart = !hasMore;
    later.forEach((message) => this.#put(message));
    this.#countAhead();
  }

  /** Take in one change; true when it altered a message held here. */
  apply(version, message) {
    if (version > this.version) this.#ahead.add(version);
    const changed = this.#put(message);
    this.#countAhead();
    return changed;
  }

  /** Take in the answer of `sync` for this room. */
  catchUp({ messages, version, reset }) {
    if (reset) {
      // A lower version: the server went back to a backup, and what came after it does not exist.
      if (version < this.version) this.#forget();
      this.reset(messages, version);
      return;
    }
    messages.forEach((message) => this.#put(message));
    this.version = Math.max(this.version, version);
    this.#countAhead();
  }

  /** Take in a newest page that was asked for beside `sync`: it tells states, not completeness, and tears no hole. */
  overlap(messages) {
    const next = (this.last?.seq ?? 0) + 1;
    if (messages.length && messages[0].seq <= next) messages.forEach((message) => this.#put(message));
  }

  /** Take in the page before the oldest message held. */
  prepend(messages, hasMore) {
    const first = this.first?.seq ?? Infinity;
    const older = messages.filter((message) => message.seq < first);
    this.#messages = [...older.sort((a, b) => a.seq - b.seq), ...this.#messages];
    this.atStart = !hasMore;
  }

  /** Drop the oldest messages until at most `size` are held. */
  trim(size) {
    if (this.#messages.length <= size) return;
    this.#messages = this.#messages.slice(-size);
    this.atStart = false;
  }

  #forget() {
    this.#messages = [];
    this.#ahead.clear();
  }

  #put(message) {
    const list = this.#messages;
    // Before the stretch lies history that is read when it is scrolled to: a lone old message would tear a hole.
    if (list.length && message.seq < list[0].seq) return false;
    let at = list.length;
    while (at > 0 && list[at - 1].seq >= message.seq) at -= 1;
    const held = list[at]?.seq === message.seq ? list[at] : null;
    if (held && held.version >= message.version) return false;
    list.splice(at, held ? 1 : 0, message);
    return true;
  }

  #countAhead() {
    while (this.#ahead.has(this.version + 1)) this.version += 1;
    for (const version of this.#ahead) if (version <= this.version) this.#ahead.delete(version);
  }
}
