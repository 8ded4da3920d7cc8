import { part } from "rooms/dom";
import { FormDialog } from "rooms/elements/form_dialog";

/** The dialog that creates a room and goes there. */
class RoomCreator extends FormDialog {
  set chat(chat) {
    super.chat = chat;
    this.linkGuests();
    this.form.addEventListener("change", () => this.#showGuests());
  }

  open() {
    this.form.reset();
    this.#showGuests();
    super.open();
    this.form.elements.name.focus();
  }

  #showGuests() {
    part(this, "guests").hidden = this.form.elements.kind.value !== "public";
  }

  async submit() {
    const { name, topic, kind, guests_may_read, guests_may_post } = this.form.elements;
    const isPublic = kind.value === "public";
    const room = await this.source.change("create_room", {
      name: name.value.trim(),
      topic: topic.value.trim(),
      kind: kind.value,
      guests_may_read: isPublic && guests_may_read.checked,
      guests_may_post: isPublic && guests_may_post.checked,
    });
    document.querySelector("chat-app").go(room.slug);
  }
}

customElements.define("room-creator", RoomCreator);
