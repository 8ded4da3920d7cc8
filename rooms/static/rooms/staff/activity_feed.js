import { make, nameOf, part } from "rooms/dom";
import { onceAFrame } from "rooms/frames";
import { kindOf, textOf } from "rooms/staff/activity_words";
import { addressOfPerson, addressOfStaffRoom } from "rooms/staff/address";
import { clock, full } from "rooms/times";

const KEPT = 500; // what happened last; as many rows at most

/** What people do, the newest on top. While it is paused, or not looked at, it is kept and not shown. */
class ActivityFeed extends HTMLElement {
  #kept = []; // the newest last
  #waiting = 0; // how many of them are not shown yet
  #paused = false;
  #isShown = false;
  #later = onceAFrame(() => this.#showNew());

  set desk({ connection }) {
    this.feed = part(this, "feed");
    this.button = part(this, "pause");
    this.button.addEventListener("click", () => this.#toggle());
    part(this, "kind").addEventListener("change", () => this.#showAll());
    part(this, "text").addEventListener("input", () => this.#showAll());
    connection.on("activity", (activity) => this.happened(activity));
  }

  show() {
    this.#isShown = true;
    this.#later();
  }

  leave() {
    this.#isShown = false;
  }

  /** One more thing has happened. */
  happened(activity) {
    this.#kept.push(activity);
    if (this.#kept.length > 2 * KEPT) this.#kept.splice(0, KEPT);
    this.#waiting = Math.min(this.#waiting + 1, KEPT);
    this.#later();
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.button.setAttribute("aria-pressed", String(this.#paused));
    this.button.textContent = "Pause";
    this.#showNew();
  }

  /** Everything that came since the last frame, in one go. */
  #showNew() {
    if (this.#paused) this.button.textContent = this.#waiting ? `Go on (${this.#waiting})` : "Go on";
    if (this.#paused || !this.#isShown || !this.#waiting) return;
    const { feed } = this;
    const isAway = feed.scrollTop > 0;
    const before = feed.scrollHeight;
    feed.prepend(...this.#rowsOf(this.#kept.slice(-this.#waiting)));
    this.#waiting = 0;
    while (feed.childElementCount > KEPT) feed.lastElementChild.remove();
    // Who has scrolled down is reading: what comes in above must not push it away.
    if (isAway) feed.scrollTop += feed.scrollHeight - before;
    this.#showNone();
  }

  /** What is looked for has changed. */
  #showAll() {
    const shown = this.#kept.slice(0, this.#paused ? this.#kept.length - this.#waiting : undefined).slice(-KEPT);
    if (!this.#paused) this.#waiting = 0;
    this.feed.replaceChildren(...this.#rowsOf(shown));
    this.#showNone();
  }

  #rowsOf(activities) {
    const group = part(this, "kind").value;
    const text = part(this, "text").value.trim().toLocaleLowerCase();
    return activities
      .filter((activity) => (!group || kindOf(activity.kind).group === group) && (!text || textOf(activity).includes(text)))
      .reverse()
      .map(rowOf);
  }

  #showNone() {
    const none = part(this, "none");
    none.hidden = this.feed.childElementCount > 0;
    none.textContent = this.#kept.length ? "Nothing of this kind has happened." : "Nothing has happened since this page was opened.";
  }
}

function rowOf({ at, kind, user, room, detail, count = 1 }) {
  const time = make("time", { textContent: clock(at), title: full(at), dateTime: at });
  const { says, where, names } = kindOf(kind);
  const words = [whoOf(user, count), ` ${says} `];
  if (names && detail) words.push(nameOf(detail), " ");
  if (room) words.push(where && `${where} `, linked(room, addressOfStaffRoom));
  if (!names && detail) words.push(" ", make("bdi", { className: "detail", textContent: detail }));
  if (count > 1) words.push(" ", make("span", { className: "tag", textContent: `× ${count.toLocaleString()}` }));
  return make("div", { className: kind === "refused" ? "refused-kind" : "" }, time, make("span", {}, ...words));
}

/** Who did it. Of what many did together it is not said. */
function whoOf(user, count) {
  if (user) return linked(user, addressOfPerson);
  return count > 1 ? "Several" : "A guest";
}

/** A name that leads to what can be done about it; a guest has only the name. */
function linked(named, addressOf) {
  return named.id === null ? nameOf(named.name) : make("a", { href: addressOf(named.id) }, nameOf(named.name));
}

customElements.define("activity-feed", ActivityFeed);
