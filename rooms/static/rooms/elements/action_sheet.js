import { part } from "rooms/dom";
import { quickButtons, showPressed } from "rooms/elements/quick_reactions";

const QUICK = 6; // reactions that take one press

/** What can be done with a message, at the lower edge of a screen that is touched. */
class ActionSheet extends HTMLElement {
  #act = null;

  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.quick = quickButtons(QUICK);
    part(this, "quick").append(...this.quick);
    this.dialog.addEventListener("click", (event) => this.#clicked(event));
  }

  /** Offer what `may` allows `me` to do with a message; `act` is called with the button that was pressed. */
  open(message, may, me, act) {
    this.#act = act;
    for (const name of ["react", "edit", "versions", "report", "moderate", "remove"]) part(this, name).hidden = !may[name];
    part(this, "copy").hidden = !message.body;
    part(this, "quick").hidden = !may.react;
    showPressed(this.quick, message, me);
    this.dialog.showModal();
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button && event.target !== this.dialog) return;
    this.dialog.close();
    if (button?.dataset.act) this.#act(button);
  }
}

customElements.define("action-sheet", ActionSheet);
