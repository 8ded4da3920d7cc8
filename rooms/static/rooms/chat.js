/**
 * The conversation behind the page: it holds the models, feeds them from the connection and tells what changed.
 *
 * Fires `rooms`, `place` (the room being shown, or its state), `timeline` (detail: room id), `people`, `typing`,
 * `user`, `connection`, `notice` (detail: `{level, text}`), `sanction` (detail: one against this person that began or
 * was lifted), `banned` (detail: `{until, text}`) and `left` (detail: where to go, the session is over).
 */
import { CatchUp } from "rooms/catch_up";
import { Feed } from "rooms/feed";
import { Drafts } from "rooms/models/drafts";
import { Presence } from "rooms/models/presence";
import { ReadMarks } from "rooms/models/read_marks";
import { RoomList } from "rooms/models/room_list";
import { Timeline } from "rooms/models/timeline";
import { OwnTyping, Typing } from "rooms/models/typing";
import { Sanctions } from "rooms/sanctions";
import { Sending } from "rooms/sending";

const SYNC_EVERY = 30_000; // milliseconds
const OPEN_AGAIN = 2; // seconds before an unanswered question is asked again
const TIMELINE_SIZE = 300; // messages kept when nobody looks at the old ones
const TIMELINE_MOST = 500; // messages from which on the oldest are forgotten
const TIMELINES = 30; // rooms whose messages are kept up to date after they were shown
const NOWHERE = { slug: null, id: null, state: "none", people: [], refusal: null };

export class Chat extends EventTarget {
  rooms = new RoomList();
  timelines = new Map();
  presence = new Presence();
  typing = new Typing();
  place = NOWHERE;
  synced = false;
  isKnown = false; // on this connection the server takes this person for who the page was made for
  ended = null;
  readingBack = null; // the id of the room being shown, while old messages of it are read
  #ownTyping = new OwnTyping();
  #openTimer = null;

  /** `storage` is shared by all tabs, `tabStorage` is this tab's own; both outlive the page. */
  constructor({ connection, user, storage, tabStorage }) {
    super();
    this.connection = connection;
    this.user = user;
    this.drafts = new Drafts(storage, user.id ?? "guest");
    this.edits = new Drafts(tabStorage, user.id ?? "guest", "edit");
    this.sending = new Sending(this, storage);
    this.marks = new ReadMarks({ send: (room, seq) => connection.request("mark_read", { room, seq }) });
    this.catchUp = new CatchUp(this);
    this.feed = new Feed(this);
    this.sanctions = new Sanctions(this);
    connection.addEventListener("state", () => this.#connectionChanged());
  }

  get outbox() {
    return this.sending.outbox;
  }

  start() {
    this.outbox.refresh();
    this.connection.open();
    setInterval(() => this.sync(), SYNC_EVERY);
  }

  tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  sync() {
    return this.catchUp.run();
  }

  /** The page was away, and may have missed anything. */
  wake() {
    this.connection.wake();
    this.sync();
    this.outbox.goOn();
  }

  #connectionChanged() {
    this.tell("connection");
    if (this.connection.state === "refused") this.#shutOut(this.connection.refusal);
    this.isKnown = false;
    if (!this.connection.online) return;
    if (this.place.state === "refused") this.#show({ ...this.place, state: this.place.slug === null ? "none" : "loading" });
    this.sync();
    this.openPlace();
  }

  /** The server does not let this page in: what waited for an answer gets none. */
  #shutOut(refusal) {
    if (refusal.code === "unauthenticated" && this.user.id !== null) this.tell("left", "login");
    else if (this.timeline === null) this.#show({ ...this.place, state: "refused", refusal });
  }

  #show(place) {
    this.place = place;
    this.tell("place");
  }

  // The room being shown

  get room() {
    return this.place.id === null ? null : this.rooms.get(this.place.id);
  }

  get timeline() {
    return this.place.id === null ? null : this.timelines.get(this.place.id) ?? null;
  }

  /** Show a room, by its slug; null shows none. */
  select(slug) {
    if (slug === this.place.slug && this.place.state !== "missing") return;
    this.stopTyping();
    this.#leavePlace();
    const id = this.rooms.bySlug(slug)?.id ?? null;
    const state = this.timelines.has(id) ? "ready" : "loading";
    this.place = slug === null ? NOWHERE : { ...NOWHERE, slug, id, state };
    this.tell("place");
    this.tell("people");
    this.openPlace();
  }

  /** Ask the server for the room being shown: its newest page, its people, and to hear of it from here on. */
  async openPlace() {
    const { place } = this;
    if (place.slug === null) return;
    clearTimeout(this.#openTimer);
    try {
      const data = await this.connection.request("open_room", { room: place.id ?? place.slug });
      if (place === this.place) this.#opened(place, data);
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      if (place === this.place) this.#notOpened(place, refusal);
    }
  }

  #opened(place, { room, messages, version, people = [], online = [] }) {
    this.rooms.merge(room);
    this.#hold(room.id, messages, version);
    messages.forEach((message) => this.sending.settle(message));
    this.presence.seen(people, online);
    Object.assign(place, { id: room.id, slug: room.slug, state: "ready", people, refusal: null });
    this.tell("place");
    this.tell("people");
    this.tell("rooms");
    this.tell("timeline", room.id);
  }

  #hold(id, messages, version) {
    const held = this.timelines.get(id);
    if (!held) {
      const timeline = new Timeline(id);
      timeline.reset(messages, version);
      this.timelines.set(id, timeline);
      this.#forgetOldest();
      return;
    }
    this.timelines.delete(id);
    this.timelines.set(id, held); // the one that is shown is forgotten last
    held.overlap(messages);
    if (version > held.version) this.sync();
  }

  /** Forget what is held of rooms that were shown long ago: they are opened again. */
  #forgetOldest() {
    for (const id of this.timelines.keys()) {
      if (this.timelines.size <= TIMELINES) return;
      if (id !== this.place.id) this.timelines.delete(id);
    }
  }

  #notOpened(place, refusal) {
    // It is opened on every connect.
    if (refusal.code === "offline") return;
    if (refusal.code === "no_answer" || refusal.retryAfter) {
      this.#openTimer = setTimeout(() => this.openPlace(), (refusal.retryAfter ?? OPEN_AGAIN) * 1_000);
      return;
    }
    Object.assign(place, { state: refusal.code === "internal" ? "failed" : "missing", refusal });
    this.tell("place");
  }

  #leavePlace() {
    const { room } = this;
    if (!room || room.role) return;
    // Outside of a room one is told nothing of it, so what is held would go stale.
    this.timelines.delete(room.id);
    if (this.user.id !== null) this.rooms.remove(room.id);
    this.#say("close_room", { room: room.id });
    this.tell("rooms");
  }

  /** The room is gone for this person. */
  forget(id) {
    const room = this.rooms.get(id);
    this.rooms.remove(id);
    this.timelines.delete(id);
    if (this.place.id === id) {
      this.place = { ...NOWHERE, slug: this.place.slug, state: "missing", gone: room?.name ?? "" };
      this.tell("place");
      this.tell("people");
    }
    this.tell("rooms");
  }

  // What the person does

  post(body) {
    this.#ownTyping.stopped(Date.now());
    return this.sending.post(this.place.id, body);
  }

  /** Change what a message says, one that is still on its way included; offline too. */
  edit(message, body) {
    return this.sending.edit(message, body);
  }

  /** Whether a message was written by this person (a guest: in this browser). */
  isMine = (message) => this.sending.isMine(message);

  keepDraft(room, text) {
    if (this.drafts.set(room, text)) this.tell("rooms");
  }

  /** Keep the edit that is being typed in a room, `{message, text}`; null for none. */
  keepEdit(room, edit) {
    if (this.edits.set(room, edit === null ? "" : JSON.stringify(edit))) this.tell("rooms");
  }

  editIn(room) {
    return JSON.parse(this.edits.get(room) || "null");
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
    const { room } = this;
    const seq = this.timeline?.last?.seq;
    if (!seq || !room?.role || room.last_read >= seq) return;
    this.rooms.read(room.id, seq);
    this.marks.mark(room.id, seq);
    this.tell("rooms");
  }

  /** Load the page before the oldest message of the room being shown. */
  async readOlder() {
    const { timeline } = this;
    if (!timeline || timeline.atStart || !timeline.first) return;
    const query = { room: timeline.room, before: timeline.first.seq };
    const { messages, has_more } = await this.connection.request("read_history", query);
    timeline.prepend(messages, has_more);
    this.tell("timeline", timeline.room);
  }

  /** Forget old messages that nobody looks at. */
  trim() {
    if (this.timeline?.messages.length > TIMELINE_MOST) this.timeline.trim(TIMELINE_SIZE);
  }

  /** Forget the old messages of a room that is not shown. */
  forgetOld(timeline) {
    if (timeline.room !== this.place.id) timeline.trim(TIMELINE_SIZE);
  }

  /** Send a command that answers with a room; rejects with a Refusal. */
  async change(command, payload) {
    const { room } = await this.connection.request(command, payload);
    this.feed.room(room);
    return room;
  }

  async leave(room) {
    await this.connection.request("leave_room", { room: room.id });
    this.forget(room.id);
  }

  // Who the person is

  /** The person is kept out of the whole place: nothing is asked any more. */
  banned(ban) {
    this.connection.close();
    this.tell("banned", ban);
  }

  /** The guest has a name now: the server reads it when a connection is made. */
  named(name) {
    this.user = { ...this.user, name, named: true };
    this.tell("user");
    this.connection.renew();
  }

  /** Take in who the server says one is; false when that is somebody else than the page was made for. */
  isSamePerson(user) {
    if (user.id !== this.user.id) {
      this.tell("left", user.id === null ? "login" : "reload");
      return false;
    }
    this.user = { ...this.user, name: user.name, avatar: user.avatar, named: Boolean(user.name) };
    this.ended = null;
    this.tell("user");
    if (!this.isKnown) this.#known();
    return true;
  }

  /** What waited goes out under nobody else's name: the cookie may be another person's by now. */
  #known() {
    this.isKnown = true;
    this.outbox.resume();
    this.marks.flush();
  }

  /** Say something whose loss does not matter. */
  #say(command, payload) {
    this.connection.request(command, payload).catch(() => {});
  }
}
