import { isSlowFor } from "rooms/models/slow_mode";
import { TYPING_TTL } from "rooms/models/typing";

const GAP_PATIENCE = 250; // milliseconds in which a late event may fill a gap by itself
const PEOPLE_DELAY = 500; // milliseconds over which changes of the people are gathered

/** Takes in what the server says by itself. */
export class Feed {
  #timers = new Map();
  #gapTimer = null;

  constructor(chat) {
    this.chat = chat;
    const { connection } = chat;
    connection.on("message_posted", (event) => this.message(event, true));
    connection.on("message_changed", (event) => this.message(event, false));
    connection.on("room_changed", ({ room }) => this.room(room));
    connection.on("room_removed", ({ room }) => this.#removed(room));
    connection.on("room_read", ({ room, seq }) => this.#read(room, seq));
    connection.on("typing_changed", (event) => this.#typing(event));
    connection.on("presence_changed", (event) => this.#presence(event));
    connection.on("notice", (notice) => chat.tell("notice", notice));
    connection.on("sanction_changed", ({ sanction }) => this.#sanctioned(sanction));
    connection.on("session_ended", (event) => this.#ended(event));
  }

  /** A message was posted or changed, by anybody, this page included. */
  message({ room, version, message }, posted) {
    const { chat } = this;
    if (posted) this.#count(room, version, message);
    const timeline = chat.timelines.get(room);
    if (!timeline) return;
    timeline.apply(version, message);
    chat.sending.settle(message);
    chat.tell("timeline", room);
    chat.forgetOld(timeline);
    if (timeline.hasGap) this.#mendSoon();
  }

  #count(room, version, message) {
    const { chat } = this;
    const isMine = chat.isMine(message);
    chat.rooms.posted(room, version, message, isMine);
    const held = chat.rooms.get(room);
    if (isMine && held && isSlowFor(held)) chat.rooms.wait(room, held.slow_mode);
    chat.typing.changed(room, message.author, false, Date.now());
    chat.tell("typing");
    chat.tell("rooms");
  }

  /** Not later for every further event: where much is said, a gap would never be mended. */
  #mendSoon() {
    this.#gapTimer ??= setTimeout(() => {
      this.#gapTimer = null;
      if ([...this.chat.timelines.values()].some((timeline) => timeline.hasGap)) this.chat.sync();
    }, GAP_PATIENCE);
  }

  /** A room is new here, or has other properties. */
  room(room) {
    const { chat } = this;
    const held = chat.rooms.get(room.id);
    // What goes to everybody in a room has no personal fields: of a room not held it says too little to list it.
    if (!held && !("role" in room)) {
      chat.sync();
      return;
    }
    chat.catchUp.told(room.id, room);
    const merged = chat.rooms.merge(room);
    if (chat.place.id === room.id) {
      chat.place.slug = merged.slug;
      chat.tell("place");
      const isOther = held?.members !== merged.members || held?.role !== merged.role;
      if (isOther) this.#soon("people", PEOPLE_DELAY, () => chat.openPlace());
    }
    chat.tell("rooms");
  }

  #removed(id) {
    this.chat.catchUp.told(id, null);
    this.chat.forget(id);
  }

  #read(room, seq) {
    this.chat.rooms.read(room, seq);
    this.chat.tell("rooms");
  }

  #typing({ room, user, typing }) {
    const { chat } = this;
    if (user.id !== null && user.id === chat.user.id) return;
    chat.typing.changed(room, user, typing, Date.now());
    chat.tell("typing");
    if (typing) setTimeout(() => chat.tell("typing"), TYPING_TTL + 50);
  }

  #presence({ user, state }) {
    const { chat } = this;
    chat.presence.changed(user.id, state);
    chat.tell("people");
    const isKnown = chat.place.people.some((person) => person.id === user.id);
    if (!isKnown && state !== "offline" && chat.room?.everyone) this.#soon("people", PEOPLE_DELAY, () => chat.openPlace());
  }

  /** Something was begun or lifted against this person: what they may do now, the server says room by room. */
  #sanctioned(sanction) {
    this.chat.tell("sanction", sanction);
    this.chat.sync();
  }

  #ended({ reason, until = null, text = "" }) {
    const { chat } = this;
    chat.ended = reason;
    if (reason === "banned") chat.banned({ until, text });
    else chat.tell("connection");
  }

  #soon(name, pause, action) {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(action, pause));
  }
}
