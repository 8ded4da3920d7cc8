import { make, part } from "rooms/dom";
import { gathered } from "rooms/staff/gathering";

const REFRESH = 1_000; // milliseconds in which what happens is gathered

/**
 * What is open beside a list. Who derives from it defines `begin()`, which shows `this.item` with what can be done about
 * it, and `load()`, which brings what changes: both for the same `item` until another is opened.
 */
export class Detail extends HTMLElement {
  item = null;
  #isSeen = false;

  set desk(desk) {
    this.source = desk;
    this.soon = gathered(() => this.#isSeen && this.item && this.load(), REFRESH);
    desk.addEventListener("acted", () => this.soon());
  }

  /** Show `item`; null: it is not there. */
  open(item) {
    this.item = item;
    this.#isSeen = true;
    part(this, "blank").hidden = item !== null;
    part(this, "blank").textContent = "It is not there, or it is not yours to see.";
    part(this, "content").hidden = item === null;
    if (item === null) return;
    this.begin();
    this.load();
  }

  /** The list has it anew. */
  refresh(item) {
    if (this.item) this.item = item;
  }

  close() {
    this.pause();
    this.item = null;
    part(this, "content").hidden = true;
    part(this, "blank").hidden = false;
    part(this, "blank").textContent = this.dataset.blank;
  }

  pause() {
    this.#isSeen = false;
  }

  resume() {
    if (!this.item) return;
    this.#isSeen = true;
    this.load();
  }

  /** Offer what the person may do: `[name, permission, act]`; those marked "danger" come last and look it. */
  offer(place, offers) {
    const buttons = offers
      .filter(([, permission]) => this.source.may(permission))
      .map(([name, , act, kind = ""]) => {
        const button = make("button", { className: `button small ${kind}`, type: "button", textContent: name });
        button.addEventListener("click", act);
        return button;
      });
    place.replaceChildren(...buttons);
    place.hidden = !buttons.length;
  }

  /** A link into Django's admin: `path` below it. */
  link(name, path) {
    return make("a", { href: `${this.source.adminUrl}${path}`, textContent: name });
  }
}
