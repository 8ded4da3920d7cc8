import { make, part } from "rooms/dom";

/** Says something to everybody, or in one room: as a notice that is not kept, or as a message. */
class AnnounceForm extends HTMLElement {
  set desk(desk) {
    this.connection = desk.connection;
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#announce();
    });
    desk.addEventListener("rooms", () => this.#offer(desk.rooms));
  }

  #offer(rooms) {
    const select = this.form.elements.room;
    const known = new Set([...select.options].map((option) => option.value));
    const fresh = rooms.filter(({ id }) => !known.has(String(id)));
    select.append(...fresh.map(({ id, name }) => make("option", { value: id, textContent: name })));
  }

  async #announce() {
    const { text, room, as } = this.form.elements;
    const error = part(this, "error");
    const done = part(this, "done");
    error.hidden = true;
    done.textContent = "";
    const payload = { text: text.value, ...(room.value && { room: Number(room.value) }), ...(as.value === "message" && { as_message: true }) };
    try {
      await this.connection.request("announce", payload);
      text.value = "";
      done.textContent = "Announced.";
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      error.textContent = refusal.fields.text ?? refusal.fields.room ?? refusal.message;
      error.hidden = false;
    }
  }
}

customElements.define("announce-form", AnnounceForm);
