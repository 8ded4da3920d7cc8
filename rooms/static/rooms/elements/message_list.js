import { arrangeChildren, make } from "rooms/dom";
import { MessageRow } from "rooms/elements/message_row";
import { dayName } from "rooms/times";

const QUIET = 500; // milliseconds in which what was inserted is not read out

/** The rows of a room's messages under the lines of their days; a row that stands stays the same element. */
export class MessageList {
  newLine = make("div", { className: "new-line", textContent: "New" });
  #rows = new Map();
  #days = new Map();
  #timer = null;

  constructor(container, reader) {
    this.container = container;
    this.reader = reader;
  }

  rows() {
    return this.container.querySelectorAll(".message");
  }

  /** The message that a row shows. */
  messageOf(row) {
    return this.#rows.get(row.dataset.key).message;
  }

  /** The row that shows a message, or null. */
  rowOf({ id, client_id }) {
    const isIt = ({ message }) => message.client_id === client_id && (id === null || message.id === id);
    return [...this.#rows.values()].find(isIt)?.element ?? null;
  }

  clear() {
    this.#rows.clear();
    this.#days.clear();
    this.container.replaceChildren();
  }

  /** Show what `arrange` made; what is no news is not read out to who listens. */
  show(days, isNews) {
    if (!isNews) this.#hush();
    const used = new Set();
    const sections = days.map(({ day, items }) => this.#day(day, items.map((item) => this.#node(item, used))));
    arrangeChildren(this.container, sections);
    for (const key of this.#rows.keys()) if (!used.has(key)) this.#rows.delete(key);
    const kept = new Set(days.map(({ day }) => day));
    for (const day of this.#days.keys()) if (!kept.has(day)) this.#days.delete(day);
  }

  #day(day, nodes) {
    const section = this.#days.get(day) ?? make("section", { className: "day" }, make("h2", { className: "day-line" }, make("span")));
    this.#days.set(day, section);
    const heading = section.firstElementChild;
    // Today is yesterday after midnight.
    const name = dayName(day);
    if (heading.textContent !== name) heading.firstElementChild.textContent = name;
    arrangeChildren(section, [heading, ...nodes]);
    return section;
  }

  #node(item, used) {
    if (item.key === "new") return this.newLine;
    used.add(item.key);
    const row = this.#rows.get(item.key);
    if (row) row.show(item);
    else this.#rows.set(item.key, new MessageRow(item, this.reader));
    return this.#rows.get(item.key).element;
  }

  #hush() {
    clearTimeout(this.#timer);
    this.container.setAttribute("aria-live", "off");
    this.#timer = setTimeout(() => this.container.setAttribute("aria-live", "polite"), QUIET);
  }
}
