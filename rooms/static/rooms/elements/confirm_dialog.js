import { part } from "rooms/dom";

/** Asks before something that cannot be taken back. */
class ConfirmDialog extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
  }

  /** Resolves to whether the person said yes. */
  ask({ title, text, yes }) {
    part(this, "title").textContent = title;
    part(this, "text").textContent = text;
    part(this, "yes").textContent = yes;
    this.dialog.returnValue = "no";
    this.dialog.showModal();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => resolve(this.dialog.returnValue === "yes"), { once: true });
    });
  }
}

/** Ask through the page's one dialog. */
export const confirmed = (question) => document.querySelector("confirm-dialog").ask(question);

customElements.define("confirm-dialog", ConfirmDialog);
