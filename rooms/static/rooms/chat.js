/**
 * The conversation behind the page: it holds the models, feeds them from the connection and tells what changed.
 *
 * Fires `rooms`, `place` (the room being shown, or its state), `timeline` (detail: room id), `people`, `typing`,
 * `user`, `connection`, `notice` (detail: `{level, text}`) and `left` (detail: where to go, the session is over).
 */
import { Drafts } from "rooms/models/drafts";
import { Outbox } from "rooms/models/outbox";
import { Presence } from "rooms/models/presence";
import { RoomList } from "rooms/models/room_list";
import { Timeline } from "rooms/models/timeline";
import { OwnTyping, Typing, TYPING_TTL } from "rooms/models/typing";
import { uuid } from "rooms/uuid";

const SYNC_EVERY = 30_000; // milliseconds
const GAP_PATIENCE = 250; // milliseconds in which a late event may fill a gap by itself
const READ_DELAY = 250; // milliseconds over which reading is gathered
const AGAIN = 2_000; // milliseconds before an unanswered question is asked again
const TIMELINE_SIZE = 400; // messages kept when nobody looks at the old ones
const NOWHERE = { slug: null, id: null, state: "none", people: [], refusal: null };

export class Chat extends EventTarget {
  rooms = new RoomList();
  presence = new Presence();
  typing = new Typing();
  place = NOWHERE;
  synced = false;
  ended = null;
  #timelines = new Map();
  #own = new Set();
  #ownTyping = new OwnTyping();
  #reads = new Map();
  #timers = new Map();
  #syncing = null;
  #syncAgain = false;

  constructor({ connection, user, storage }) {
    super();
    this.connection = connection;
    this.user = user;
    this.drafts = new Drafts(storage, user.id ?? "guest");
    this.outbox = new Outbox({ send: (entry) => this.#send(entry), changed: (room) => this.#tell("timeline", room) });
    this.#listen();
  }

  start() {
    this.connection.open();
    setInterval(() => this.sync(), SYNC_EVERY);
  }

  // The room being shown

  get room() {
    return this.place.id === null ? null : this.rooms.get(this.place.id);
  }

  get timeline() {
    return this.place.id === null ? null : this.#timelines.get(this.place.id) ?? null;
  }

  /** Show a room, by its slug; null shows none. */
  select(slug) {
    if (slug === this.place.slug) return;
    this.stopTyping();
    this.#leavePlace();
    if (slug === null) {
      this.place = NOWHERE;
      this.#tell("place");
      return;
    }
    const id = this.rooms.bySlug(slug)?.id ?? null;
    const state = this.#timelines.has(id) ? "ready" : "loading";
    this.place = { ...NOWHERE, slug, id, state };
    this.#tell("place");
    this.openPlace();
  }

  /** Ask the server for the room being shown: its newest page, its people, and to hear of it from here on. */
  async openPlace() {
    const place = this.place;
    if (place.slug === null) return;
    try {
      const data = await this.connection.request("open_room", { room: place.id ?? place.slug });
      if (place === this.place) this.#opened(place, data);
    } catch (refusal) {
      if (place === this.place) this.#notOpened(place, refusal);
    }
  }

  // What the person does

  post(body) {
    const client_id = uuid();
    this.#own.add(client_id);
    this.#ownTyping.stopped(Date.now());
    this.outbox.add({ client_id, room: this.place.id, body, created_at: new Date().toISOString() });
  }

  /** Whether a message was written by this person (a guest: on this page). */
  isMine = (message) =>
    this.user.id === null ? this.#own.has(message.client_id) : message.author?.id === this.user.id;

  keepDraft(room, text) {
    if (this.drafts.set(room, text)) this.#tell("rooms");
  }

  keyPressed(room) {
    if (this.#ownTyping.pressed(room, Date.now())) this.#say("set_typing", { room, typing: true });
  }

  stopTyping() {
    const room = this.#ownTyping.stopped(Date.now());
    if (room !== null) this.#say("set_typing", { room, typing: false });
  }

  /** The person has seen the room being shown up to its newest message. */
  seen() {
    const seq = this.timeline?.last?.seq;
    const room = this.room;
    if (!seq || !room?.role || room.last_read >= seq) return;
    this.rooms.read(room.id, seq);
    this.#reads.set(room.id, seq);
    this.#tell("rooms");
    this.#soon("reads", READ_DELAY, () => this.#tellReads());
  }

  /** Load the page before the oldest message of the room being shown. */
  async readOlder() {
    const timeline = this.timeline;
    if (!timeline || timeline.atStart || !timeline.first) return;
    const query = { room: timeline.room, before: timeline.first.seq };
    const { messages, has_more } = await this.connection.request("read_history", query);
    timeline.prepend(messages, has_more);
    this.#tell("timeline", timeline.room);
  }

  /** Forget old messages that nobody looks at. */
  trim() {
    this.timeline?.trim(TIMELINE_SIZE);
  }

  /** Send a command that answers with a room; rejects with a Refusal. */
  async change(command, payload) {
    const { room } = await this.connection.request(command, payload);
    if (room) this.#roomChanged(room);
    return room;
  }

  async leave(room) {
    await this.connection.request("leave_room", { room: room.id });
    if (room.kind === "public") await this.sync();
    else this.#removed(room.id);
  }

  /** The guest has a name now: the server reads it when a connection is made. */
  named(name) {
    this.user = { ...this.user, name, named: true };
    this.#tell("user");
    this.connection.renew();
  }

  // Catching up

  /** Get what changed since what is held; runs at most once at a time, and again if asked meanwhile. */
  async sync() {
    if (!this.connection.online) return;
    if (this.#syncing) {
      this.#syncAgain = true;
      return this.#syncing;
    }
    this.#syncing = this.#catchUp();
    try {
      await this.#syncing;
    } catch (refusal) {
      if (refusal.code !== "offline") this.#soon("sync", (refusal.retryAfter ?? 2) * 1_000, () => this.sync());
    } finally {
      this.#syncing = null;
      if (this.#syncAgain) {
        this.#syncAgain = false;
        this.sync();
      }
    }
  }

  async #catchUp() {
    let behind = true;
    while (behind) {
      const held = Object.fromEntries([...this.#timelines].map(([id, timeline]) => [id, timeline.version]));
      const { user, rooms, changes } = await this.connection.request("sync", { rooms: held });
      if (!this.#isSamePerson(user)) return;
      this.#takeRooms(rooms, held);
      behind = this.#takeChanges(rooms, changes, held);
    }
  }

  #isSamePerson(user) {
    if ((user.id ?? null) !== this.user.id) {
      this.#tell("left", user.id ? "reload" : "login");
      return false;
    }
    this.user = { ...this.user, name: user.name ?? this.user.name, avatar: user.avatar ?? this.user.avatar };
    this.ended = null;
    this.#tell("user");
    return true;
  }

  #takeRooms(rooms, held) {
    const isHeld = this.place.id !== null && String(this.place.id) in held;
    const gone = this.rooms.replace(rooms, isHeld ? null : this.place.id);
    this.synced = true;
    gone.forEach((id) => this.#removed(id));
    this.#tell("rooms");
  }

  /** Returns whether a room still has changes to fetch. */
  #takeChanges(rooms, changes, held) {
    let behind = false;
    for (const [id, change] of Object.entries(changes)) {
      const timeline = this.#timelines.get(Number(id));
      if (!timeline) continue;
      timeline.catchUp(change);
      change.messages.forEach((message) => this.#settle(message));
      this.#tell("timeline", timeline.room);
      const room = rooms.find((candidate) => candidate.id === timeline.room);
      // Without progress the answer would stay the same for ever.
      behind ||= change.version < room?.version && timeline.version > held[id];
    }
    return behind;
  }

  // What the server says

  #listen() {
    const { connection } = this;
    connection.addEventListener("state", () => this.#connectionChanged());
    connection.on("message_posted", (event) => this.#messageChanged(event, true));
    connection.on("message_changed", (event) => this.#messageChanged(event, false));
    connection.on("room_changed", ({ room }) => this.#roomChanged(room));
    connection.on("room_removed", ({ room }) => this.#removed(room));
    connection.on("room_read", (event) => this.#roomRead(event));
    connection.on("typing_changed", (event) => this.#typingChanged(event));
    connection.on("presence_changed", (event) => this.#presenceChanged(event));
    connection.on("notice", (notice) => this.#tell("notice", notice));
    connection.on("session_ended", ({ reason }) => {
      this.ended = reason;
      this.#tell("connection");
    });
  }

  #connectionChanged() {
    this.#tell("connection");
    if (!this.connection.online) return;
    this.sync();
    this.openPlace();
    this.outbox.resume();
    this.#tellReads();
  }

  #messageChanged({ room, version, message }, posted) {
    if (posted) {
      this.rooms.posted(room, version, message, this.isMine(message));
      this.typing.changed(room, message.author, false, Date.now());
      this.#tell("typing");
      this.#tell("rooms");
    }
    const timeline = this.#timelines.get(room);
    if (!timeline) return;
    timeline.apply(version, message);
    this.#settle(message);
    this.#tell("timeline", room);
    if (timeline.hasGap) this.#soon("gap", GAP_PATIENCE, () => this.#mend());
  }

  #mend() {
    if ([...this.#timelines.values()].some((timeline) => timeline.hasGap)) this.sync();
  }

  #roomChanged(room) {
    const held = this.rooms.get(room.id);
    // What goes to everybody in a room has no personal fields: of a room not held it says too little to list it.
    if (!held && !("role" in room)) return this.sync();
    const merged = this.rooms.merge(room);
    if (this.place.id === room.id) {
      if (merged.slug !== this.place.slug) this.place.slug = merged.slug;
      this.#tell("place");
      if (held?.members !== merged.members || held?.role !== merged.role) this.#soon("people", READ_DELAY, () => this.openPlace());
    }
    this.#tell("rooms");
  }

  #removed(id) {
    const room = this.rooms.get(id);
    this.rooms.remove(id);
    this.#timelines.delete(id);
    if (this.place.id === id) {
      this.place = { ...this.place, id: null, state: "missing", gone: room?.name ?? null };
      this.#tell("place");
    }
    this.#tell("rooms");
  }

  #roomRead({ room, seq }) {
    this.rooms.read(room, seq);
    this.#tell("rooms");
  }

  #typingChanged({ room, user, typing }) {
    if (user.id !== null && user.id === this.user.id) return;
    this.typing.changed(room, user, typing, Date.now());
    this.#tell("typing");
    if (typing) setTimeout(() => this.#tell("typing"), TYPING_TTL + 50);
  }

  #presenceChanged({ user, state }) {
    this.presence.changed(user.id, state);
    this.#tell("people");
    const isKnown = this.place.people.some((person) => person.id === user.id);
    if (!isKnown && state !== "offline" && this.room?.everyone) this.#soon("people", AGAIN, () => this.openPlace());
  }

  #opened(place, { room, messages, version, people = [], online = [] }) {
    this.rooms.merge(room);
    this.#hold(room.id, messages, version);
    this.presence.seen(people, online);
    Object.assign(place, { id: room.id, slug: room.slug, state: "ready", people, refusal: null });
    this.#tell("place");
    this.#tell("people");
    this.#tell("rooms");
    this.#tell("timeline", room.id);
  }

  #hold(id, messages, version) {
    const held = this.#timelines.get(id);
    messages.forEach((message) => this.#settle(message));
    if (held && held.version > 0) {
      const isNext = !messages.length || !held.last || messages[0].seq <= held.last.seq + 1;
      if (isNext) held.overlap(messages);
      if (version > held.version) this.sync();
      return;
    }
    const timeline = new Timeline(id);
    timeline.reset(messages, version);
    this.#timelines.set(id, timeline);
  }

  #notOpened(place, refusal) {
    if (refusal.code === "offline") return;
    if (refusal.code === "no_answer" || refusal.retryAfter) {
      this.#soon("open", (refusal.retryAfter ?? 2) * 1_000, () => this.openPlace());
      return;
    }
    Object.assign(place, { state: refusal.code === "internal" ? "failed" : "missing", refusal });
    this.#tell("place");
  }

  #leavePlace() {
    const room = this.room;
    if (!room || room.role) return;
    // Outside of a room one is told nothing of it, so what is held would go stale.
    this.#timelines.delete(room.id);
    if (this.user.id !== null) this.rooms.remove(room.id);
    this.#say("close_room", { room: room.id });
    this.#tell("rooms");
  }

  async #send({ client_id, room, body }) {
    const { message } = await this.connection.request("post_message", { room, client_id, body });
    this.#messageChanged({ room, version: message.version, message }, true);
  }

  /** The message was seen in its room: it is no longer on its way, whether or not the ack arrived. */
  #settle(message) {
    if (this.#own.has(message.client_id) && this.isMine(message)) this.outbox.remove(message.client_id);
  }

  async #tellReads() {
    for (const [room, seq] of [...this.#reads]) {
      try {
        await this.connection.request("mark_read", { room, seq });
      } catch (refusal) {
        if (refusal.code === "offline") return;
      }
      if (this.#reads.get(room) === seq) this.#reads.delete(room);
    }
  }

  /** Say something whose loss does not matter. */
  #say(command, payload) {
    this.connection.request(command, payload).catch(() => {});
  }

  #soon(name, pause, action) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(action, pause));
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
