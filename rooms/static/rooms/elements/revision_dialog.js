import { make, part } from "rooms/dom";
import { versionsOf } from "rooms/models/versions";
import { full } from "rooms/times";

/** What a message says and what it said before, newest first. */
class RevisionDialog extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.dialog.addEventListener("mousedown", (event) => event.target === this.dialog && this.dialog.close());
  }

  open(message, revisions) {
    part(this, "versions").replaceChildren(...versionsOf(message, revisions).map(itemFor));
    this.dialog.showModal();
    part(this, "versions").scrollTop = 0;
  }
}

function itemFor({ body, until }) {
  const when = until === null ? "Now" : make("time", { dateTime: until, textContent: `Until ${full(until)}` });
  return make("li", {}, make("h3", {}, when), make("p", { dir: "auto", textContent: body }));
}

customElements.define("revision-dialog", RevisionDialog);
