import { part } from "rooms/dom";
import { quickButtons, showPressed } from "rooms/elements/quick_reactions";

const QUICK = 3; // reactions that take one press

/** The one bar with what can be done with a message; it stands in the row that the pointer or the focus is at. */
class ActionBar extends HTMLElement {
  row = null;
  message = null;

  connectedCallback() {
    // It is moved from row to row.
    if (this.quick) return;
    this.quick = quickButtons(QUICK);
    this.quick.forEach((button) => button.classList.add("icon-button"));
    this.prepend(...this.quick);
    this.addEventListener("keydown", (event) => this.#key(event));
    // Who writes and acts by mouse goes on writing.
    this.addEventListener("mousedown", (event) => event.preventDefault());
  }

  get hasFocus() {
    return this.contains(document.activeElement);
  }

  /** Stand in `row` and offer what `may` allows `me` to do with its message; without anything to offer, go. */
  showAt(row, message, may, me) {
    if (!Object.values(may).some(Boolean)) {
      this.leave();
      return;
    }
    const focused = this.hasFocus ? document.activeElement : null;
    for (const name of ["react", "edit", "versions", "report", "moderate", "remove"]) part(this, name).hidden = !may[name];
    this.quick.forEach((button) => (button.hidden = !may.react));
    showPressed(this.quick, message, me);
    this.row = row;
    this.message = message;
    if (this.parentElement !== row) row.append(this);
    this.hidden = false;
    // What was pressed may be offered no more.
    if (focused?.hidden) row.focus({ preventScroll: true });
  }

  leave() {
    // What was done may have left nothing to do: who came by keyboard stays at the message.
    if (this.hasFocus) this.row.focus({ preventScroll: true });
    this.hidden = true;
    this.row = null;
    this.message = null;
  }

  /** Go into the bar by keyboard. */
  enter() {
    this.#buttons[0]?.focus();
  }

  get #buttons() {
    return [...this.querySelectorAll("button")].filter((button) => button.checkVisibility());
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = this.#buttons;
    buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
  }
}

customElements.define("action-bar", ActionBar);
