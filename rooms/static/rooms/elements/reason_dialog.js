import { part } from "rooms/dom";
import { FormDialog } from "rooms/elements/form_dialog";
import { Refusal } from "rooms/socket";

/** Asks why something is done, and for how long; then does it, or shows why it was refused. */
class ReasonDialog extends FormDialog {
  #question = null;
  #isDone = false;

  /**
   * Ask; resolves to whether it was done.
   *
   * - `title` and `text`: a text or nodes, in which names stay isolated; `yes`: what the button says; `isCalm`: it
   *   is not a red one.
   * - `spans`: spans of time to choose from, as in `models/durations.js`, the second unless another is chosen;
   *   `spansLabel` stands above them.
   * - `asksWhy`: whether a reason is asked for, which is required then; `help` says who reads it.
   * - `extra`: the text of a box that may be ticked.
   * - `act({reason, seconds, extra})` does it, and rejects with a Refusal: `seconds` of the span that was chosen,
   *   `extra` whether the box was ticked.
   */
  ask(question) {
    this.#question = { text: "", help: "", spans: [], spansLabel: "How long", extra: null, asksWhy: true, isCalm: false, ...question };
    this.#isDone = false;
    this.form.reset();
    this.#show(this.#question);
    this.open();
    (this.#question.asksWhy ? this.form.elements.reason : this.form.elements.span).focus();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => resolve(this.#isDone), { once: true });
    });
  }

  #show({ title, text, yes, spans, spansLabel, extra, asksWhy, help, isCalm }) {
    part(this, "title").replaceChildren(...[title].flat());
    part(this, "text").replaceChildren(...[text].flat());
    part(this, "text").hidden = !text.length;
    part(this, "spans").hidden = !spans.length;
    part(this, "spans-label").textContent = spansLabel;
    this.form.elements.span.replaceChildren(...spans.map(({ name }, at) => new Option(name, at, at === 1, at === 1)));
    part(this, "why").hidden = !asksWhy;
    part(this, "help").textContent = help;
    part(this, "extra").hidden = extra === null;
    part(this, "extra-text").textContent = extra ?? "";
    part(this, "yes").textContent = yes;
    part(this, "yes").className = isCalm ? "button primary" : "button danger filled";
  }

  async submit() {
    const { asksWhy, spans, act } = this.#question;
    const { reason, span, extra } = this.form.elements;
    const why = reason.value.trim();
    if (asksWhy && !why) throw new Refusal({ code: "invalid", fields: { reason: "Say why." } });
    await act({ reason: why, seconds: spans[span.value]?.seconds ?? null, extra: extra.checked });
    this.#isDone = true;
  }
}

/** Ask through the page's one dialog; see `ReasonDialog.ask`. */
export const askReason = (question) => document.querySelector("reason-dialog").ask(question);

customElements.define("reason-dialog", ReasonDialog);
