import { part } from "rooms/dom";
import { beginningOf, blankOf } from "rooms/elements/empty_states";
import { MessageList } from "rooms/elements/message_list";
import { RowActions } from "rooms/elements/row_actions";
import { ScrollKeeper } from "rooms/elements/scroll_keeper";
import { onceAFrame } from "rooms/frames";
import { arrange } from "rooms/models/arrangement";
import { Reader } from "rooms/reader";

const NEAR_TOP = 800; // pixels from the top at which the older page is asked for

/** The messages of the room being shown. It stays where the reader is: at the newest, or at what is being read. */
class RoomTimeline extends HTMLElement {
  #room = null;
  #newAfter = null;
  #counted = 0;
  #loading = false;
  #entered = false;

  set chat(chat) {
    this.source = chat;
    for (const name of ["scroller", "older", "beginning", "days", "blank", "newest"]) this[name] = part(this, name);
    const reader = new Reader(chat);
    this.list = new MessageList(this.days, reader);
    this.actions = new RowActions(this.days, { chat, list: this.list, reader });
    this.keeper = new ScrollKeeper(this.scroller, this.days, { moved: () => this.#moved(), rowsOf: () => this.list.rows() });
    this.#listen();
    this.#placeChanged();
  }

  /** The line that lies over the messages came, went or wraps otherwise. */
  #cover(line) {
    this.keeper.keep(() => this.style.setProperty("--covered", `${line.offsetHeight}px`));
  }

  #listen() {
    const chat = this.source;
    const show = onceAFrame(() => this.#show());
    chat.addEventListener("place", () => this.#placeChanged());
    chat.addEventListener("timeline", ({ detail }) => detail === this.#room && show());
    chat.addEventListener("user", show);
    this.newest.addEventListener("click", () => this.toNewest());
    this.days.addEventListener("click", (event) => this.#pressed(event));
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    window.addEventListener("focus", () => this.#look());
    const line = part(this, "connection");
    new ResizeObserver(() => this.#cover(line)).observe(line);
  }

  /** Go to the newest message. */
  toNewest() {
    this.keeper.atBottom = true;
    this.#show();
  }

  /** The person has posted: what was new is answered, and the newest is what is wanted. */
  posted() {
    this.#newAfter = null;
    this.toNewest();
  }

  /** Show which message is being edited; null for none. */
  markEditing(message) {
    this.actions.markEditing(message);
  }

  /** Take one's last message to be edited, if there is one here. */
  editLast() {
    this.actions.editLast();
  }

  #placeChanged() {
    const { place, room, rooms } = this.source;
    if (place.id !== this.#room) {
      this.#room = place.id;
      this.#newAfter = rooms.unread(place.id) > 0 ? room.last_read : null;
      this.#entered = false;
      this.keeper.atBottom = true;
      this.list.clear();
    }
    const blank = blankOf(place, () => this.source.openPlace());
    this.blank.hidden = blank === null || this.source.timeline !== null;
    if (blank) this.blank.replaceChildren(...blank);
    this.#show();
  }

  #show() {
    const { timeline } = this.source;
    this.scroller.hidden = timeline === null;
    if (timeline === null) return;
    if (this.keeper.atBottom) this.source.trim();
    this.keeper.keep(() => this.#fill());
    this.actions.refresh();
    if (!this.#entered) this.#enter();
    this.#showNewest();
    this.#look();
  }

  #fill() {
    const { timeline, outbox, user, room, isMine } = this.source;
    const entries = outbox.of(this.#room);
    const days = arrange(timeline.messages, entries, { me: user, newAfter: this.#newAfter, mine: isMine });
    this.list.show(days, this.#entered && !this.#loading);
    this.older.hidden = timeline.atStart;
    this.beginning.hidden = !timeline.atStart;
    if (timeline.atStart && room) this.beginning.replaceChildren(...beginningOf(room, user, days.length === 0));
  }

  /** First sight of a room: at the newest, or at the line above what is new when that is more than a screenful. */
  #enter() {
    this.#entered = true;
    this.#counted = this.source.timeline.last?.seq ?? 0;
    const { newLine } = this.list;
    if (newLine.isConnected && this.keeper.backTo(newLine)) this.#counted = this.#newAfter;
  }

  // Where the reader is

  #moved() {
    if (this.keeper.distanceFromTop < NEAR_TOP) this.#readOlder();
    this.#showNewest();
    this.#look();
  }

  async #readOlder() {
    if (this.#loading || !this.#entered) return;
    this.#loading = true;
    try {
      await this.source.readOlder();
      this.#show();
    } catch (refusal) {
      // Scrolling on, or coming back online, asks again.
      if (refusal.code === undefined) throw refusal;
      return;
    } finally {
      this.#loading = false;
    }
    // A page shorter than the screen leaves nothing to scroll, so nothing would ask for the next.
    const { timeline } = this.source;
    if (timeline && !timeline.atStart && this.keeper.distanceFromTop < NEAR_TOP) this.#readOlder();
  }

  get #isLooking() {
    const isVisible = document.visibilityState === "visible" && this.scroller.offsetParent !== null;
    return isVisible && this.keeper.atBottom && this.#entered;
  }

  #look() {
    const { timeline, room } = this.source;
    const last = timeline?.last?.seq ?? 0;
    if (this.#isLooking) {
      this.#counted = last;
      this.source.seen();
      return;
    }
    const isFirstMissed = this.#newAfter === null && room?.role && last > (room.last_read ?? 0);
    if (!isFirstMissed) return;
    this.#newAfter = room.last_read ?? 0;
    this.#show();
  }

  #visibilityChanged() {
    // What was read before leaving is no longer new on coming back.
    const isAllRead = document.visibilityState === "hidden" && this.source.rooms.unread(this.#room) === 0;
    if (isAllRead) this.#newAfter = null;
    this.#look();
  }

  #showNewest() {
    this.source.readingBack = this.keeper.atBottom ? null : this.#room;
    const missed = (this.source.timeline?.last?.seq ?? 0) - this.#counted;
    this.newest.hidden = this.keeper.atBottom;
    part(this, "newest-text").textContent = missed > 0 ? `${missed} new` : "To the newest";
    this.newest.classList.toggle("has-new", missed > 0);
  }

  #pressed(event) {
    const button = event.target.closest(".message-state [data-action]");
    if (!button) return;
    const { entry } = button.closest(".message").dataset;
    if (button.dataset.action === "retry") this.source.outbox.retry(entry);
    else this.source.outbox.remove(entry);
    document.getElementById("composer-text").focus();
  }
}

customElements.define("room-timeline", RoomTimeline);
