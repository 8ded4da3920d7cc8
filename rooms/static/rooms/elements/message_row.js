import { copyOf, part } from "rooms/dom";
import { markEdited } from "rooms/elements/edited_mark";
import { ReactionChips } from "rooms/elements/reaction_chips";
import { lasting, quoted } from "rooms/elements/sanction_words";
import { showPerson } from "rooms/elements/user_avatar";
import { showMarkup } from "rooms/markup";
import { clock, full, shortClock } from "rooms/times";

/** The row of one message: pending, live and old ones are made and filled here alike. */
export class MessageRow {
  element = copyOf("message-row");
  chips = new ReactionChips(part(this.element, "chips"));
  #shown = "";

  constructor(item, reader) {
    this.reader = reader;
    this.show(item);
  }

  show({ key, message, state, follows, error, entry }) {
    const { id, name } = message.author;
    const may = this.reader.may(message);
    const unsent = message.html === null ? message.body : "";
    const shown = `${message.id} ${message.version} ${state} ${entry} ${follows} ${id} ${name} ${unsent} ${may.versions}`;
    this.message = message;
    this.chips.show(message, this.reader, may.react);
    if (shown === this.#shown) return;
    const { element } = this;
    // Only what is new is read out to who listens, not what becomes of it.
    if (this.#shown) element.setAttribute("aria-live", "off");
    this.#shown = shown;
    element.dataset.key = key;
    element.dataset.entry = entry ?? "";
    element.dataset.state = state;
    element.classList.toggle("follows", follows);
    this.#showHead(message);
    this.#showBody(message, may.versions);
    part(element, "state").hidden = state !== "failed";
    part(element, "reason").replaceChildren(...(state === "failed" ? reasonOf(error, message.id !== null) : []));
  }

  #showHead({ author, created_at }) {
    const { element } = this;
    showPerson(element.querySelector("user-avatar"), author);
    part(element, "author").textContent = author.name;
    const tag = part(element, "tag");
    tag.hidden = author.id !== null;
    tag.textContent = author.guest ? "guest" : "deleted account";
    part(element, "side-time").textContent = shortClock(created_at);
    const time = part(element, "time");
    time.dateTime = created_at;
    time.textContent = clock(created_at);
    time.title = full(created_at);
    element.setAttribute("aria-label", `${author.name}, ${full(created_at)}`);
  }

  #showBody({ body, html, deleted_at, edited_at }, mayReadVersions) {
    const place = part(this.element, "body");
    const isGone = Boolean(deleted_at) && html !== null;
    place.classList.toggle("plain", html === null);
    place.classList.toggle("deleted", isGone);
    if (isGone) place.textContent = "This message was deleted.";
    else if (html === null) place.textContent = body;
    else showMarkup(place, html);
    place.classList.toggle("emoji-only", !deleted_at && isEmojiOnly(body));
    if (edited_at && !deleted_at) markEdited(place, edited_at, mayReadVersions);
  }
}

/** Why a message, or the edit of one, was not taken, as nodes. */
function reasonOf(error, isEdit) {
  const what = isEdit ? "Not changed" : "Not sent";
  if (error?.code === "no_answer") return [`${what}: the server did not answer.`];
  if (error?.reason) return [`${what}: you are muted ${lasting(error.until)}: `, quoted(error.reason)];
  return [`${what}: ${error?.fields?.body ?? error?.fields?.name ?? error?.message ?? "it was refused."}`];
}

const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f|\s){1,24}$/u;

function isEmojiOnly(body) {
  return EMOJI_ONLY.test(body ?? "") && /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(body);
}
