import { part } from "rooms/dom";
import { ComposerEdit } from "rooms/elements/composer_edit";
import { ComposerGate } from "rooms/elements/composer_gate";
import { notify } from "rooms/elements/notice_list";
import { lengthOf } from "rooms/models/length";
import { offerIn } from "rooms/models/permission";
import { post } from "rooms/http";

const LINES = 8; // the composer grows to this many

const OFFERS = {
  join: "You are reading along.",
  login: "Only people with an account write here.",
  archived: "This room is archived: everything stays readable, nobody writes.",
  read_only: "This room is read-only: nobody writes for now.",
  none: "You may not write in this room.",
};

/** Where one writes, or what stands there instead: a guest's name, joining, logging in, why not. */
class MessageComposer extends HTMLElement {
  #room = null;

  set chat(chat) {
    this.source = chat;
    for (const name of ["write", "text", "send", "length", "name", "offer"]) this[`${name}Part`] = part(this, name);
    this.limit = Number(document.querySelector("chat-app").dataset.messageLength);
    this.querySelector("typing-line").chat = chat;
    this.editing = new ComposerEdit(this);
    this.gate = new ComposerGate(this, () => this.#show());
    this.#listen();
    this.#show();
  }

  #listen() {
    for (const event of ["place", "user", "rooms"]) this.source.addEventListener(event, () => this.#show());
    this.textPart.addEventListener("input", () => this.#edited());
    this.textPart.addEventListener("keydown", (event) => this.#key(event));
    this.textPart.addEventListener("blur", () => this.source.stopTyping());
    this.writePart.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.namePart.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#takeName();
    });
    part(this, "join").addEventListener("click", () => this.#join());
    document.addEventListener("emoji", (event) => this.insert(event.detail));
    document.addEventListener("keydown", (event) => this.#keyElsewhere(event));
    new ResizeObserver(() => this.#fit()).observe(this);
  }

  /** Put text where the cursor is. */
  insert(text) {
    const area = this.textPart;
    if (area.readOnly) return;
    area.focus();
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    this.#edited();
  }

  get room() {
    return this.#room;
  }

  get text() {
    return this.textPart.value;
  }

  /** Hold this text in place of what is there. */
  fill(text) {
    this.textPart.value = text;
    this.#measure();
  }

  focus() {
    this.textPart.focus();
  }

  /** Say what the button does: `Send`, or `Save` for a message that is changed. */
  showPurpose(name) {
    this.sendPart.title = name;
    this.sendPart.setAttribute("aria-label", name);
    this.sendPart.querySelector("use").setAttribute("href", name === "Save" ? "#icon-check" : "#icon-send");
  }

  /** Take a message to be changed. */
  edit(message) {
    this.editing.begin(message);
  }

  #show() {
    const { room, user, place } = this.source;
    const offer = room && place.state === "ready" ? offerIn(room, user) : null;
    this.hidden = offer === null;
    const wrote = this.contains(document.activeElement);
    const couldWrite = !this.writePart.hidden && !this.textPart.readOnly;
    this.writePart.hidden = offer !== "write" && offer !== "muted";
    this.textPart.readOnly = offer === "muted";
    part(this, "emoji").hidden = offer === "muted";
    this.gate.show(room);
    this.namePart.hidden = offer !== "name";
    this.offerPart.hidden = !(offer in OFFERS);
    if (offer in OFFERS) this.#showOffer(offer);
    if (room?.id !== this.#room) {
      this.#enter(room);
      return;
    }
    if (offer !== "write") this.editing.setAside();
    else if (!couldWrite) this.editing.resume();
    this.#allow();
    if (wrote && !this.contains(document.activeElement) && offer === "write") this.textPart.focus();
  }

  #showOffer(offer) {
    part(this, "offer-text").textContent = OFFERS[offer];
    part(this, "join").hidden = offer !== "join";
    const login = part(this, "offer-login");
    login.hidden = offer !== "login";
    login.href = `${document.querySelector("chat-app").dataset.loginUrl}?next=${encodeURIComponent(location.pathname)}`;
  }

  #enter(room) {
    this.editing.setAside();
    this.#room = room?.id ?? null;
    this.fill(room ? this.source.drafts.get(room.id) : "");
    if (room && !this.writePart.hidden && !this.textPart.readOnly) this.editing.resume();
    // On a phone the keyboard would hide what one came to read.
    if (room && !this.hidden && matchMedia("(hover: hover)").matches) this.textPart.focus({ preventScroll: true });
  }

  #edited() {
    if (this.editing.message) this.editing.keep();
    else this.#written(this.textPart.value);
    this.#measure();
  }

  #written(text) {
    this.source.keepDraft(this.#room, text);
    if (text.trim()) this.source.keyPressed(this.#room);
    else this.source.stopTyping();
  }

  #measure() {
    const { left, tooLong, near } = lengthOf(this.text, this.limit);
    this.#allow();
    const note = this.lengthPart;
    note.hidden = !near;
    note.classList.toggle("error", tooLong);
    if (near) note.textContent = tooLong ? `${(-left).toLocaleString()} characters too many` : `${left.toLocaleString()} characters left`;
    this.#fit();
  }

  #allow() {
    const { tooLong } = lengthOf(this.text, this.limit);
    this.sendPart.disabled = !this.text.trim() || tooLong || !this.gate.isOpen(this.editing.message !== null);
  }

  #fit() {
    const area = this.textPart;
    if (area.offsetParent === null) return;
    const style = getComputedStyle(area);
    const frame = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
    // While it is measured nothing around it may move: the timeline would lose its end.
    this.style.setProperty("height", `${this.offsetHeight}px`);
    area.style.setProperty("height", "auto");
    const most = parseFloat(style.lineHeight) * LINES + frame;
    area.style.setProperty("height", `${Math.min(area.scrollHeight, most)}px`);
    area.style.setProperty("overflow-y", area.scrollHeight > most + 1 ? "auto" : "hidden");
    this.style.removeProperty("height");
  }

  #key(event) {
    if (this.editing.key(event)) return;
    // Enter ends the composition of a character (Japanese, Chinese …); it is not meant for us then.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  /** Somebody who just starts to type means the message. */
  #keyElsewhere(event) {
    if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (this.writePart.hidden || this.textPart.readOnly || document.querySelector("dialog[open], :popover-open")) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    this.textPart.focus();
  }

  #send() {
    const text = this.textPart.value.trim();
    if (this.editing.message && (text === "" || !this.sendPart.disabled)) this.editing.save(text);
    else if (!this.sendPart.disabled) this.#post(text);
  }

  #post(text) {
    this.source.post(text);
    this.textPart.value = "";
    this.source.keepDraft(this.#room, "");
    this.#measure();
    document.querySelector("room-timeline").posted();
    this.textPart.focus();
  }

  async #takeName() {
    const error = part(this, "name-error");
    error.hidden = true;
    try {
      const { name } = await post(document.querySelector("chat-app").dataset.guestUrl, { name: part(this, "name-text").value });
      this.source.named(name);
      this.textPart.focus();
    } catch (refusal) {
      error.textContent = refusal.fields?.name ?? refusal.message;
      error.hidden = false;
    }
  }

  async #join() {
    try {
      await this.source.change("join_room", { room: this.#room });
      this.textPart.focus();
    } catch (refusal) {
      notify(refusal.message, "error");
    }
  }
}

customElements.define("message-composer", MessageComposer);
