import { arrange } from "rooms/models/arrangement";
import { offerIn } from "rooms/models/permission";
import { arrangeChildren, make, part } from "rooms/dom";
import { MessageRow } from "rooms/elements/message_row";
import { dayName } from "rooms/times";

const NEAR_TOP = 800; // pixels from the top at which the older page is asked for
const NEAR_BOTTOM = 24; // pixels from the bottom within which the reader counts as being there

/** The messages of the room being shown. It stays where the reader is: at the newest, or at what is being read. */
class RoomTimeline extends HTMLElement {
  #room = null;
  #rows = new Map();
  #days = new Map();
  #newLine = make("div", { className: "new-line", textContent: "New" });
  #newAfter = null;
  #atBottom = true;
  #top = 0;
  #counted = 0;
  #loading = false;
  #entered = false;

  set chat(chat) {
    this.source = chat;
    for (const name of ["scroller", "older", "beginning", "days", "blank", "newest"]) this[name] = part(this, name);
    this.#listen();
    this.#placeChanged();
  }

  #listen() {
    const chat = this.source;
    chat.addEventListener("place", () => this.#placeChanged());
    chat.addEventListener("timeline", ({ detail }) => detail === this.#room && this.#show());
    chat.addEventListener("user", () => this.#show());
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.newest.addEventListener("click", () => this.toNewest());
    this.days.addEventListener("click", (event) => this.#pressed(event));
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    window.addEventListener("focus", () => this.#look());
    // Fonts, pictures, the composer and the window change heights at times of their own.
    const observer = new ResizeObserver(() => this.#atBottom && this.#toBottom());
    observer.observe(this.scroller);
    observer.observe(this.days);
  }

  /** Go to the newest message. */
  toNewest() {
    this.source.trim();
    this.#atBottom = true;
    this.#show();
  }

  /** The person has posted: what was new is answered, and the newest is what is wanted. */
  posted() {
    this.#newAfter = null;
    this.toNewest();
  }

  #placeChanged() {
    const { place, room } = this.source;
    if (place.id !== this.#room) {
      this.#room = place.id;
      this.#rows.clear();
      this.#days.clear();
      this.days.replaceChildren();
      this.#newAfter = this.source.rooms.unread(place.id) > 0 ? room.last_read : null;
      this.#atBottom = true;
      this.#entered = false;
    }
    this.#showBlank();
    this.#show();
  }

  #show() {
    const { timeline, outbox, user, isMine } = this.source;
    const isThere = timeline !== null;
    this.scroller.hidden = !isThere;
    if (!isThere) return;
    const entries = outbox.of(this.#room);
    const anchor = this.#atBottom ? null : this.#anchor();
    const me = { id: user.id, name: user.name, avatar: user.avatar };
    this.#reconcile(arrange(timeline.messages, entries, { me, newAfter: this.#newAfter, mine: isMine }));
    this.#showBeginning();
    if (!this.#entered) this.#enter();
    else if (anchor) this.#restore(anchor);
    else this.#toBottom();
    this.#showNewest();
    this.#look();
  }

  #reconcile(days) {
    // Old pages and the first one are no news for a screen reader.
    const isNews = this.#entered && days.length > 0 && this.days.childElementCount > 0 && !this.#loading;
    this.days.setAttribute("aria-busy", String(!isNews));
    const used = new Set();
    const sections = days.map(({ day, items }) => {
      const section = this.#days.get(day) ?? this.#makeDay(day);
      const heading = section.firstElementChild;
      arrangeChildren(section, [heading, ...items.map((item) => this.#nodeOf(item, used))]);
      return section;
    });
    arrangeChildren(this.days, sections);
    for (const key of this.#rows.keys()) if (!used.has(key)) this.#rows.delete(key);
    this.days.setAttribute("aria-busy", "false");
  }

  #makeDay(day) {
    const heading = make("h2", { className: "day-line" }, make("span", { textContent: dayName(day) }));
    const section = make("section", { className: "day" }, heading);
    this.#days.set(day, section);
    return section;
  }

  #nodeOf(item, used) {
    if (item.key === "new") return this.#newLine;
    used.add(item.key);
    const row = this.#rows.get(item.key);
    if (row) row.show(item);
    else this.#rows.set(item.key, new MessageRow(item));
    return this.#rows.get(item.key).element;
  }

  // Where the reader is

  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    const rows = this.days.querySelectorAll(".message");
    for (const row of rows) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) return { row, top: box.top };
    }
    return null;
  }

  #restore({ row, top }) {
    if (!row.isConnected) return;
    this.scroller.scrollTop += row.getBoundingClientRect().top - top;
  }

  #toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** First sight of a room: at the newest, or at the line above what is new when that is more than a screenful. */
  #enter() {
    this.#entered = true;
    this.#counted = this.source.timeline.last?.seq ?? 0;
    this.#toBottom();
    if (!this.#newLine.isConnected) return;
    const above = this.scroller.getBoundingClientRect().top - this.#newLine.getBoundingClientRect().top;
    if (above > 0) {
      this.scroller.scrollTop -= above + this.scroller.clientHeight / 4;
      this.#atBottom = false;
      this.#counted = this.#newAfter;
    }
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    // Away from the bottom without having moved up: what stands around has grown, and is about to be followed.
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.#atBottom = true;
    else if (scrollTop < this.#top) this.#atBottom = false;
    this.#top = scrollTop;
    if (scrollTop < NEAR_TOP) this.#readOlder();
    this.#showNewest();
    this.#look();
  }

  async #readOlder() {
    if (this.#loading || !this.#entered) return;
    this.#loading = true;
    try {
      await this.source.readOlder();
    } catch {
      // Scrolling on, or coming back online, asks again.
    } finally {
      this.#loading = false;
    }
    // A page shorter than the screen leaves nothing to scroll, so nothing would ask for the next.
    const { timeline } = this.source;
    if (timeline && !timeline.atStart && this.scroller.scrollTop < NEAR_TOP && this.source.connection.online) {
      requestAnimationFrame(() => this.#readOlder());
    }
  }

  get #isLooking() {
    return this.#atBottom && this.#entered && document.visibilityState === "visible" && this.scroller.offsetParent !== null;
  }

  #look() {
    const last = this.source.timeline?.last;
    if (this.#isLooking) {
      this.#counted = last?.seq ?? 0;
      this.source.seen();
    } else if (this.#newAfter === null && last && this.source.room?.role && last.seq > (this.source.room.last_read ?? 0)) {
      this.#newAfter = this.source.room.last_read ?? 0;
      this.#show();
    }
  }

  #visibilityChanged() {
    // What was read before leaving is no longer new on coming back.
    if (document.visibilityState === "hidden") {
      if (this.source.room && this.source.rooms.unread(this.source.room.id) === 0) this.#newAfter = null;
      return;
    }
    this.#look();
  }

  // What stands around the messages

  #showNewest() {
    const missed = (this.source.timeline?.last?.seq ?? 0) - this.#counted;
    this.newest.hidden = this.#atBottom;
    part(this, "newest-text").textContent = missed > 0 ? `${missed} new` : "To the newest";
    this.newest.classList.toggle("has-new", missed > 0);
  }

  #showBeginning() {
    const { timeline, room } = this.source;
    this.older.hidden = timeline.atStart;
    this.beginning.hidden = !timeline.atStart;
    if (!timeline.atStart || !room) return;
    const isEmpty = timeline.messages.length === 0 && this.source.outbox.of(this.#room).length === 0;
    const lines = [make("h2", {}, make("bdi", { textContent: room.name }))];
    if (room.topic) lines.push(make("p", { dir: "auto", textContent: room.topic }));
    lines.push(make("p", { textContent: beginningOf(room, isEmpty, this.source.user) }));
    this.beginning.replaceChildren(...lines);
  }

  #showBlank() {
    const { place } = this.source;
    const blank = blankOf(place, () => this.source.openPlace());
    this.blank.hidden = blank === null || this.source.timeline !== null;
    if (blank) this.blank.replaceChildren(...blank);
  }

  #pressed(event) {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    const client_id = button.closest(".message").dataset.key.slice(1);
    if (button.dataset.action === "retry") this.source.outbox.retry(client_id);
    else this.source.outbox.remove(client_id);
    document.getElementById("composer-text").focus();
  }
}

function beginningOf(room, isEmpty, user) {
  if (!isEmpty) return "This is where the conversation begins.";
  return offerIn(room, user) === "write" ? "Nothing has been said here yet. Write the first message." : "Nothing has been said here yet.";
}

function blankOf(place, again) {
  if (place.state === "loading") return [make("span", { className: "spinner", attributes: { role: "img", "aria-label": "Loading" } })];
  if (place.state === "none") {
    return [make("h2", { textContent: "Choose a room" }), make("p", { textContent: "The conversation opens here." })];
  }
  if (place.state === "failed") {
    const button = make("button", { className: "button", type: "button", textContent: "Try again" });
    button.addEventListener("click", again);
    return [make("h2", { textContent: "The room could not be opened" }), make("p", { textContent: place.refusal.message }), button];
  }
  if (place.state !== "missing") return null;
  const isGone = place.gone !== undefined;
  const title = isGone ? "You are no longer in this room" : "There is no such room";
  const text = isGone ? "You left it, were removed from it, or it was closed." : "It may have been renamed, or it is private.";
  return [
    make("h2", { textContent: title }),
    make("p", { textContent: text }),
    make("a", { className: "button", href: "/rooms/", textContent: "Browse rooms" }),
    make("a", { className: "button", href: "/", textContent: "Go to my rooms" }),
  ];
}

customElements.define("room-timeline", RoomTimeline);
