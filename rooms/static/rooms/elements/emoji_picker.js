import { make, part } from "rooms/dom";
import { GROUPS, findEmoji } from "rooms/emoji";
import { placeBeside } from "rooms/placing";

const RECENT = 16; // how many of the latest are offered first
const KEPT = "parley.emoji";

/**
 * A popover with emoji to choose from, by mouse or keyboard; a choice is told as an `emoji` event of the document,
 * or to who has asked for it with `pickFor()`.
 */
class EmojiPicker extends HTMLElement {
  #anchor = null;
  #chosen = null;

  connectedCallback() {
    this.query = part(this, "query");
    this.list = part(this, "list");
    this.addEventListener("toggle", (event) => (event.newState === "open" ? this.#opened() : this.#closed()));
    this.query.addEventListener("input", () => this.#fill());
    this.list.addEventListener("click", (event) => this.#choose(event.target.closest("button")));
    this.list.addEventListener("mouseover", (event) => this.#name(event.target.closest("button")));
    this.list.addEventListener("focusin", (event) => this.#name(event.target.closest("button")));
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Open beside `anchor`, for one choice that goes to `chosen`. */
  pickFor(anchor, chosen) {
    this.#anchor = anchor;
    this.#chosen = chosen;
    this.showPopover();
  }

  #opened() {
    this.query.value = "";
    this.#fill();
    placeBeside(this, this.#anchor ?? document.querySelector("[popovertarget=emoji]"));
    this.query.focus();
  }

  #closed() {
    this.#anchor = null;
    this.#chosen = null;
  }

  #fill() {
    const query = this.query.value.trim();
    const groups = query ? [["Found", findEmoji(query)]] : [["Used lately", recent()], ...GROUPS];
    const sections = groups.filter(([, entries]) => entries.length).flatMap(([title, entries]) => this.#section(title, entries));
    this.list.replaceChildren(...sections);
    this.list.scrollTop = 0;
    if (!sections.length) this.list.append(make("p", { className: "none", textContent: `No emoji is called “${query}”.` }));
    this.#name(null);
  }

  #section(title, entries) {
    const buttons = entries.map(([emoji, names]) => {
      const label = names.split("|")[0].trim();
      return make("button", { type: "button", tabIndex: -1, textContent: emoji, attributes: { "aria-label": label }, data: { names } });
    });
    const group = make("div", { className: "emoji-grid", attributes: { role: "group", "aria-label": title } }, ...buttons);
    return [make("h3", { textContent: title }), group];
  }

  #choose(button) {
    if (!button) return;
    remember(button.textContent, button.dataset.names);
    const emoji = button.textContent;
    const tell = this.#chosen ?? (() => document.dispatchEvent(new CustomEvent("emoji", { detail: emoji })));
    this.hidePopover();
    tell(emoji);
  }

  #name(button) {
    part(this, "name").textContent = button ? button.getAttribute("aria-label") : "";
  }

  #key(event) {
    const buttons = [...this.list.querySelectorAll("button")];
    if (event.key === "Enter" && event.target === this.query) {
      event.preventDefault();
      this.#choose(buttons[0]);
      return;
    }
    const next = this.#next(event.key, buttons);
    if (next === undefined) return;
    event.preventDefault();
    (next ?? this.query).focus();
  }

  /** Where an arrow key leads: a button, null for the search field, undefined where the key means something else. */
  #next(key, buttons) {
    const focused = document.activeElement;
    if (focused === this.query) return key === "ArrowDown" ? buttons[0] ?? null : undefined;
    const at = buttons.indexOf(focused);
    if (key === "ArrowRight") return buttons[at + 1] ?? focused;
    if (key === "ArrowLeft") return buttons[at - 1] ?? null;
    if (key === "ArrowDown" || key === "ArrowUp") return nextInColumn(focused, buttons, key === "ArrowDown");
    return undefined;
  }
}

/** The nearest button in the next row down or up. */
function nextInColumn(focused, buttons, isDown) {
  const from = focused.getBoundingClientRect();
  const beyond = buttons.filter((button) => {
    const { top } = button.getBoundingClientRect();
    return isDown ? top > from.top + 4 : top < from.top - 4;
  });
  if (!beyond.length) return isDown ? focused : null;
  const distance = (button) => {
    const { top, left } = button.getBoundingClientRect();
    return Math.abs(top - from.top) * 100 + Math.abs(left - from.left);
  };
  return beyond.reduce((best, button) => (distance(button) < distance(best) ? button : best));
}

function recent() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}

function remember(emoji, names) {
  const kept = [[emoji, names], ...recent().filter(([other]) => other !== emoji)].slice(0, RECENT);
  localStorage.setItem(KEPT, JSON.stringify(kept));
}

customElements.define("emoji-picker", EmojiPicker);
