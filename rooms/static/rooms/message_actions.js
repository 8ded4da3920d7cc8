import { copyText } from "rooms/clipboard";
import { nameOf } from "rooms/dom";
import { confirmed } from "rooms/elements/confirm_dialog";
import { notify } from "rooms/elements/notice_list";
import { askReason } from "rooms/elements/reason_dialog";
import { Measures } from "rooms/measures";
import { hasReacted } from "rooms/models/reactions";

/** What a person does with a message, wherever it is offered; a refusal is said in a notice. */
export class MessageActions {
  #asked = new Set();

  constructor(chat) {
    this.chat = chat;
    this.measures = new Measures(chat);
  }

  /** Put an emoji to a message, or take one's own away. */
  async toggle(message, emoji) {
    const on = !hasReacted(message.reactions, this.chat.user.id, emoji);
    const failure = on ? "Your reaction was not added." : "Your reaction was not taken away.";
    await this.#once("react", { message: message.id, emoji, on }, failure);
  }

  /** Choose an emoji for a message, in the picker beside `place`. */
  react(message, place) {
    document.querySelector("emoji-picker").pickFor(place, (emoji) => {
      if (!hasReacted(message.reactions, this.chat.user.id, emoji)) this.toggle(message, emoji);
    });
  }

  edit(message) {
    document.querySelector("message-composer").edit(message);
  }

  /** Delete a message if the person is sure; resolves to whether it was deleted. */
  async remove(message) {
    const isMine = this.chat.isMine(message);
    const title = isMine ? "Delete your message?" : `Delete the message of ${message.author.name}?`;
    const isSure = await confirmed({ title, text: "What it says is gone from the room; only staff who moderate can still read it. For a minute you can undo it.", yes: "Delete" });
    return isSure && this.#once("delete_message", { message: message.id }, "The message was not deleted.");
  }

  /** Tell the staff of a message, with a reason. */
  async report(message) {
    const isTold = await askReason({
      title: ["Report the message of ", nameOf(message.author.name)],
      text: "The staff read your reason, and what the message says now. Its author is not told.",
      yes: "Report",
      isCalm: true,
      act: ({ reason }) => this.chat.connection.request("report_message", { message: message.id, reason }),
    });
    if (isTold) notify("Thank you. The staff will look at it.");
  }

  /** Choose what to do about the author, in the menu beside `place`. */
  moderate(message, place) {
    document.querySelector("person-menu").open(message.author, place);
  }

  async versions(message) {
    await this.#attempt("What it said before could not be read.", async () => {
      const { revisions } = await this.chat.connection.request("read_revisions", { message: message.id });
      document.querySelector("revision-dialog").open(message, revisions);
    });
  }

  async copy(message) {
    if (await copyText(message.body)) notify("The text was copied.");
    else notify("The text could not be copied: this browser does not allow it.", "warning", false);
  }

  /** Send a command about a message, unless the same is under way; resolves to whether it was carried out. */
  async #once(command, payload, failure) {
    const key = `${command} ${payload.message} ${payload.emoji}`;
    if (this.#asked.has(key)) return false;
    this.#asked.add(key);
    const isDone = await this.#attempt(failure, () => this.#send(command, payload));
    this.#asked.delete(key);
    return isDone;
  }

  async #send(command, payload) {
    const { message, deletion = null } = await this.chat.connection.request(command, payload);
    this.chat.feed.message({ room: message.room, version: message.version, message }, false);
    if (deletion !== null) notify("The message was deleted.", "info", false, this.measures.undoing(deletion));
  }

  async #attempt(failure, action) {
    try {
      await action();
      return true;
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      notify(`${failure} ${refusal.message}`, "error", false);
      return false;
    }
  }
}
