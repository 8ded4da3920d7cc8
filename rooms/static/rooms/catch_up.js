const REACH = 1_000; // messages from the newest to one that is being read, at most
const PAGE = 100; // messages
const RETRY = 2; // seconds, where the refusal does not say

/** Gets from the server what changed since what is held, with `sync`; at most once at a time. */
export class CatchUp {
  #running = null;
  #again = false;
  #told = new Map(); // rooms told of since the question was sent, null for one that is gone
  #timer = null;

  constructor(chat) {
    this.chat = chat;
  }

  /** Catch up now; asked for while it runs, it runs once more after that. */
  async run() {
    if (!this.chat.connection.online) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#running = this.#untilLevel();
    try {
      await this.#running;
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      // Who was sent away together does not come back together.
      const pause = (refusal.retryAfter ?? RETRY) * (1 + Math.random());
      this.#timer = setTimeout(() => this.run(), pause * 1_000);
    } finally {
      this.#running = null;
    }
    if (!this.#again) return;
    this.#again = false;
    this.run();
  }

  /** A room was told of, null for gone: newer than the answer of a question that is under way. */
  told(id, room) {
    this.#told.set(id, room && { ...this.#told.get(id), ...room });
  }

  async #untilLevel() {
    const { chat } = this;
    let behind = true;
    while (behind) {
      const held = Object.fromEntries([...chat.timelines].map(([id, timeline]) => [id, timeline.version]));
      this.#told.clear();
      const { user, rooms, changes } = await chat.connection.request("sync", { rooms: held });
      if (!chat.isSamePerson(user)) return;
      this.#takeRooms(rooms, held);
      await this.#reachBack(changes[chat.readingBack]);
      behind = this.#takeChanges(rooms, changes, held);
    }
  }

  #takeRooms(rooms, held) {
    const { chat } = this;
    // A server that went back to a backup counts from there; counters held from before would never be reached.
    rooms.filter((room) => room.version < held[room.id]).forEach((room) => chat.rooms.remove(room.id));
    const { id } = chat.place;
    const kept = new Set(id in held ? [] : [id]);
    for (const [told, room] of this.#told) if (room) kept.add(told);
    const gone = chat.rooms.replace(rooms.filter((room) => this.#told.get(room.id) !== null), kept);
    this.#told.forEach((room) => room && chat.rooms.merge(room));
    chat.synced = true;
    gone.forEach((room) => chat.forget(room));
    chat.tell("rooms");
    chat.tell("people");
  }

  /** Who reads further back than a newest page reaches keeps the place: what lies between is fetched first. */
  async #reachBack(change) {
    const { chat } = this;
    const { room, first, last } = chat.timelines.get(chat.readingBack) ?? {};
    if (!change?.reset || !last) return;
    // As far as it may be: a server that went back to a backup has other messages, and no page is held for ever.
    const back = Math.max(first.seq, change.messages.at(-1)?.seq - REACH);
    while (change.messages[0]?.seq > back && last.seq < change.messages.at(-1).seq) {
      const { messages } = await chat.connection.request("read_history", { room, before: change.messages[0].seq, limit: PAGE });
      if (messages.length === 0) return;
      change.messages.unshift(...messages);
    }
  }

  /** Returns whether a room still has changes to fetch. */
  #takeChanges(rooms, changes, held) {
    const { chat } = this;
    let behind = false;
    let moved = false;
    for (const [id, change] of Object.entries(changes)) {
      const timeline = chat.timelines.get(Number(id));
      if (!timeline) continue;
      timeline.catchUp(change);
      chat.forgetOld(timeline);
      change.messages.forEach((message) => chat.sending.settle(message));
      chat.tell("timeline", timeline.room);
      const room = rooms.find((candidate) => candidate.id === timeline.room);
      behind ||= change.version < room?.version;
      // A room that did not fit into this answer waits for the others; one in which nothing moves would come for ever.
      moved ||= change.version !== held[id];
    }
    return behind && moved;
  }
}
