import { make, part } from "rooms/dom";

/** Says something to everybody who is connected, or to one room. */
class AnnounceForm extends HTMLElement {
  set staff(connection) {
    this.connection = connection;
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#announce();
    });
    document.addEventListener("listed", ({ detail }) => this.#offer(detail));
  }

  #offer(rooms) {
    const select = this.form.elements.room;
    const known = new Set([...select.options].map((option) => option.value));
    const fresh = rooms.filter((room) => !room.archived && !known.has(String(room.id)));
    select.append(...fresh.map((room) => make("option", { value: room.id, textContent: room.name })));
  }

  async #announce() {
    const { text, room } = this.form.elements;
    const error = part(this, "error");
    const done = part(this, "done");
    error.hidden = true;
    done.textContent = "";
    try {
      await this.connection.request("announce", { text: text.value, ...(room.value && { room: Number(room.value) }) });
      text.value = "";
      done.textContent = "Announced.";
    } catch (refusal) {
      error.textContent = refusal.fields.text ?? refusal.fields.room ?? refusal.message;
      error.hidden = false;
    }
  }
}

customElements.define("announce-form", AnnounceForm);
