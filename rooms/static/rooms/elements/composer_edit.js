import { part } from "rooms/dom";
import { notify } from "rooms/elements/notice_list";
import { MessageActions } from "rooms/message_actions";

/**
 * The composer's other use: changing a message that is there. What was being written comes back afterwards, and an edit
 * that was neither saved nor cancelled when its room is shown again.
 */
export class ComposerEdit {
  message = null;
  #draft = "";

  constructor(composer) {
    this.composer = composer;
    this.line = part(composer, "editing");
    this.actions = new MessageActions(composer.source);
    part(composer, "cancel-edit").addEventListener("click", () => this.end());
    composer.source.addEventListener("timeline", () => this.#follow());
  }

  begin(message) {
    if (this.message === null) this.#draft = this.composer.text;
    this.#become(message);
    this.composer.fill(message.body);
    this.composer.focus();
    this.keep();
  }

  /** Leave the message as it is. */
  end() {
    if (this.message === null) return;
    this.setAside();
    this.composer.focus();
    this.composer.source.keepEdit(this.composer.room, null);
  }

  /** Nothing can be written here now, or the composer goes elsewhere: the edit waits. */
  setAside() {
    if (this.message === null) return;
    this.#become(null);
    this.composer.fill(this.#draft);
  }

  /** Go on with the edit that waits in this room. */
  resume() {
    const waiting = this.composer.source.editIn(this.composer.room);
    if (!waiting || this.message !== null) return;
    this.#draft = this.composer.text;
    this.#become(waiting.message);
    this.composer.fill(waiting.text);
    this.#follow();
  }

  /** Keep what the message is to say. */
  keep() {
    const { id, client_id, author, body } = this.message;
    this.composer.source.keepEdit(this.composer.room, { message: { id, client_id, author, body }, text: this.composer.text });
  }

  /** Take the text for the message; the same changes nothing, and for none the message is offered to be deleted. */
  async save(text) {
    const { message, composer } = this;
    if (text === "") {
      const isDeleted = message.id !== null && (await this.actions.remove(message));
      if (!isDeleted) return;
    } else if (text !== message.body) composer.source.edit({ ...message, room: composer.room }, text);
    if (message === this.message) this.end();
  }

  /** Escape ends it; Up where nothing is written begins with one's last message. True when the key was one of them. */
  key(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    if (event.key === "Escape" && this.message) this.end();
    else if (event.key === "ArrowUp" && !this.message && this.composer.text === "") document.querySelector("room-timeline").editLast();
    else return false;
    event.preventDefault();
    // Escape closes other things, too.
    event.stopPropagation();
    return true;
  }

  #become(message) {
    this.message = message;
    this.line.hidden = message === null;
    this.composer.showPurpose(message === null ? "Send" : "Save");
    document.querySelector("room-timeline").markEditing(message);
  }

  /** Deleted meanwhile, by somebody else or in another tab: there is nothing to change any more. */
  #follow() {
    const { message, composer } = this;
    if (!message?.id) return;
    if (!composer.source.timeline?.messages.find(({ id }) => id === message.id)?.deleted_at) return;
    if (this.#draft === "" && composer.text.trim() && composer.text !== message.body) this.#keep(composer.text);
    this.end();
  }

  /** What was written for the message is not lost: it is what is being written now. */
  #keep(text) {
    this.#draft = text;
    this.composer.source.keepDraft(this.composer.room, text);
    notify("The message was deleted meanwhile. What you wrote for it is in the composer.");
  }
}
