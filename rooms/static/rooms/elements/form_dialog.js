import { part } from "rooms/dom";

/** A <dialog> with a form that is sent by `submit()` and shows what was refused beside the field it concerns. */
export class FormDialog extends HTMLElement {
  #sending = false;

  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.form = this.querySelector("form");
    part(this, "close").addEventListener("click", () => this.dialog.close());
    part(this, "cancel").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("mousedown", (event) => event.target === this.dialog && this.dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => this.submit());
    });
  }

  set chat(chat) {
    this.source = chat;
  }

  open() {
    this.clearErrors();
    this.dialog.showModal();
  }

  /** Do it once at a time; close when it was done, show why when it was refused. */
  async attempt(action) {
    if (this.#sending) return;
    this.#sending = true;
    this.clearErrors();
    try {
      await action();
      this.dialog.close();
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      this.showErrors(refusal);
    } finally {
      this.#sending = false;
    }
  }

  clearErrors() {
    for (const error of this.querySelectorAll(".error")) {
      error.hidden = true;
      error.textContent = "";
    }
    this.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  }

  showErrors({ message, fields }) {
    let isPlaced = false;
    for (const [name, sentence] of Object.entries(fields)) {
      const field = this.querySelector(`[data-field="${CSS.escape(name)}"]`);
      if (!field) continue;
      const error = field.querySelector(".error");
      error.textContent = sentence;
      error.hidden = false;
      const input = field.querySelector("input, textarea, select");
      input.setAttribute("aria-invalid", "true");
      if (!isPlaced) input.focus();
      isPlaced = true;
    }
    if (isPlaced) return;
    part(this, "error").textContent = Object.values(fields)[0] ?? message;
    part(this, "error").hidden = false;
  }

  /** Guests who may write may read, and neither is a question in a private room. */
  linkGuests() {
    const { guests_may_read: read, guests_may_post: write } = this.form.elements;
    write.addEventListener("change", () => write.checked && (read.checked = true));
    read.addEventListener("change", () => !read.checked && (write.checked = false));
  }
}
