import { part } from "rooms/dom";
import { FormDialog } from "rooms/elements/form_dialog";
import { Refusal } from "rooms/socket";

const NOTHING_ASKED = { text: "", help: "", spans: [], spansLabel: "How long", choices: [], choicesLabel: "Where", extra: null, asksWhy: true, isCalm: false };

/** Asks why something is done, and for how long; then does it, or shows why it was refused. */
class ReasonDialog extends FormDialog {
  #question = null;
  #isDone = false;

  connectedCallback() {
    super.connectedCallback();
    const { span } = this.form.elements;
    span.addEventListener("change", () => (part(this, "moment").hidden = !this.#question.spans[span.value].isMoment));
  }

  /**
   * Ask; resolves to whether it was done.
   *
   * - `title` and `text`: a text or nodes, in which names stay isolated; `yes`: what the button says; `isCalm`: it
   *   is not a red one.
   * - `spans`: spans of time to choose from, as in `models/durations.js`, the second unless another is chosen;
   *   `spansLabel` stands above them.
   * - `asksWhy`: whether a reason is asked for, which is required then; `help` says who reads it.
   * - `choices`: `[value, name]` of what else is to be chosen from; `choicesLabel` stands above them.
   * - `extra`: the text of a box that may be ticked.
   * - `act({reason, seconds, choice, extra})` does it, and rejects with a Refusal: `seconds` of the span that was
   *   chosen, or until the time that was written; `choice` the value chosen, `extra` whether the box was ticked.
   */
  ask(question) {
    this.#question = { ...NOTHING_ASKED, ...question };
    this.#isDone = false;
    this.form.reset();
    this.#show(this.#question);
    this.open();
    this.#first.focus();
    return new Promise((resolve) => {
      this.dialog.addEventListener("close", () => resolve(this.#isDone), { once: true });
    });
  }

  #show({ title, text, yes, spans, spansLabel, choices, choicesLabel, extra, asksWhy, help, isCalm }) {
    part(this, "title").replaceChildren(...[title].flat());
    part(this, "text").replaceChildren(...[text].flat());
    part(this, "text").hidden = !text.length;
    part(this, "spans").hidden = !spans.length;
    part(this, "spans-label").textContent = spansLabel;
    this.form.elements.span.replaceChildren(...spans.map(({ name }, at) => new Option(name, at, at === 1, at === 1)));
    part(this, "moment").hidden = true;
    part(this, "choices").hidden = !choices.length;
    part(this, "choices-label").textContent = choicesLabel;
    this.form.elements.choice.replaceChildren(...choices.map(([value, name]) => new Option(name, value)));
    part(this, "why").hidden = !asksWhy;
    part(this, "help").textContent = help;
    part(this, "extra").hidden = extra === null;
    part(this, "extra-text").textContent = extra ?? "";
    part(this, "yes").textContent = yes;
    part(this, "yes").className = isCalm ? "button primary" : "button danger filled";
  }

  /** Where one begins. */
  get #first() {
    const { reason, span } = this.form.elements;
    return [reason, span, part(this, "yes")].find((control) => control.checkVisibility());
  }

  async submit() {
    const { asksWhy, act } = this.#question;
    const { reason, choice, extra } = this.form.elements;
    const seconds = this.#seconds();
    // It is kept as one line.
    const why = reason.value.trim().replace(/\s+/g, " ");
    if (asksWhy && !why) throw new Refusal({ code: "invalid", fields: { reason: "Say why." } });
    await act({ reason: why, seconds, choice: choice.value, extra: extra.checked });
    this.#isDone = true;
  }

  #seconds() {
    const { span, moment } = this.form.elements;
    const chosen = this.#question.spans[span.value];
    if (!chosen?.isMoment) return chosen?.seconds ?? null;
    if (!moment.value) throw new Refusal({ code: "invalid", fields: { until: "Say until when." } });
    return (new Date(moment.value) - Date.now()) / 1_000;
  }
}

/** Ask through the page's one dialog; see `ReasonDialog.ask`. */
export const askReason = (question) => document.querySelector("reason-dialog").ask(question);

customElements.define("reason-dialog", ReasonDialog);
