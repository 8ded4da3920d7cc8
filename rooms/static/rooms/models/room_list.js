/**
 * The rooms this person sees, with what is unread in each.
 *
 * Room events carry nothing personal, so personal fields once known stay until the server tells new ones.
 */
export class RoomList {
  #rooms = new Map();

  get(id) {
    return this.#rooms.get(id) ?? null;
  }

  bySlug(slug) {
    return this.all().find((room) => room.slug === slug) ?? null;
  }

  all() {
    return [...this.#rooms.values()];
  }

  /** Rooms in the order they are shown: those of everyone, then by name; archived ones last. */
  sorted() {
    const order = (room) => (room.archived ? 2 : room.everyone ? 0 : 1);
    return this.all().sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name) || a.id - b.id);
  }

  /** Hold exactly these rooms, and those of `kept` that were held; returns the ids that are gone. */
  replace(rooms, kept = new Set()) {
    const told = new Set(rooms.map((room) => room.id));
    const gone = [...this.#rooms.keys()].filter((id) => !told.has(id) && !kept.has(id));
    gone.forEach((id) => this.#rooms.delete(id));
    rooms.forEach((room) => this.merge(room));
    return gone;
  }

  /** Take in what was told of a room; its counters never go back. */
  merge(room) {
    const held = this.#rooms.get(room.id);
    const merged = { ...held, ...room };
    for (const counter of ["last_seq", "version", "last_read"]) {
      if (held?.[counter] > room[counter]) merged[counter] = held[counter];
    }
    if (!("may_post" in room) && held && closedFor(held) !== closedFor(merged)) delete merged.may_post;
    this.#rooms.set(room.id, merged);
    return merged;
  }

  remove(id) {
    return this.#rooms.delete(id);
  }

  /** Count a message that was posted; one's own is read by having been written. */
  posted(id, version, message, mine) {
    const room = this.get(id);
    if (!room) return;
    this.merge({ id, version, last_seq: message.seq });
    if (mine) this.read(id, message.seq);
  }

  /** The person's next turn to write there comes in so many seconds. */
  wait(id, seconds, now = Date.now()) {
    if (this.get(id)) this.merge({ id, may_post_at: new Date(now + seconds * 1_000).toISOString() });
  }

  /** The person has read up to `seq`, here or in another tab. */
  read(id, seq) {
    const room = this.get(id);
    if (room && isMember(room) && !(room.last_read >= seq)) this.merge({ id, last_read: seq });
  }

  unread(id) {
    const room = this.get(id);
    if (!room || !isMember(room) || room.archived) return 0;
    return Math.max(0, room.last_seq - (room.last_read ?? 0));
  }

  get totalUnread() {
    return this.all().reduce((sum, room) => sum + this.unread(room.id), 0);
  }
}

/** What everybody is told of who may post; when it changes, what this person was told before is out of date. */
function closedFor({ archived, read_only, guests_may_post }) {
  return `${archived} ${read_only} ${guests_may_post}`;
}

function isMember(room) {
  return Boolean(room.role);
}
