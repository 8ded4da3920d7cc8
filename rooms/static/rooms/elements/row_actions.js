import { onLongPress } from "rooms/elements/long_press";
import { RowCursor } from "rooms/elements/row_cursor";
import { MessageActions } from "rooms/message_actions";

/** Offers what can be done with a message: in the bar at the pointer or the focus, in the sheet under a finger. */
export class RowActions {
  constructor(days, { chat, list, reader }) {
    Object.assign(this, { days, list, reader });
    this.actions = new MessageActions(chat);
    this.bar = document.querySelector("action-bar");
    this.sheet = document.querySelector("action-sheet");
    this.popovers = document.querySelectorAll("emoji-picker, person-menu");
    this.cursor = new RowCursor(days, {
      rowsOf: () => list.rows(),
      entered: () => this.bar.enter(),
      left: () => document.getElementById("composer-text").focus(),
    });
    this.#listen();
  }

  /** The rows have changed: offer what is allowed now. */
  refresh() {
    this.cursor.refresh();
    if (this.bar.row?.isConnected) this.#showAt(this.bar.row);
  }

  /** Mark the row of the message that is being edited, or none. */
  markEditing(message) {
    this.days.querySelector(".message.editing")?.classList.remove("editing");
    const row = message && this.list.rowOf(message);
    row?.classList.add("editing");
    row?.scrollIntoView({ block: "nearest" });
  }

  editLast() {
    const rows = [...this.list.rows()].reverse();
    const message = rows.map((row) => this.list.messageOf(row)).find((candidate) => this.reader.may(candidate).edit);
    if (message) this.actions.edit(message);
  }

  #listen() {
    const { days } = this;
    days.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.#pointedAt(event.target));
    days.addEventListener("pointerleave", () => this.#settle());
    days.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && this.#pointedAt(event.target));
    days.addEventListener("focusout", (event) => this.#settle(event.relatedTarget));
    days.addEventListener("click", (event) => this.#clicked(event));
    days.addEventListener("keydown", (event) => event.key === "Escape" && this.bar.hasFocus && this.bar.row.focus());
    // A press on a reaction leaves the focus where one writes.
    days.addEventListener("mousedown", (event) => event.target.closest("[data-act]") && event.preventDefault());
    document.addEventListener("pointerdown", (event) => !days.contains(event.target) && this.#settle());
    this.popovers.forEach((popover) => popover.addEventListener("toggle", () => this.#settle()));
    onLongPress(days, (target) => this.#openSheet(target.closest(".message")));
  }

  #pointedAt(target) {
    const row = target.closest(".message");
    // A popover gives the focus back to the button that opened it.
    if (row && row !== this.bar.row && !this.#isChoosing) this.#showAt(row);
  }

  #showAt(row) {
    const message = this.list.messageOf(row);
    this.bar.showAt(row, message, this.reader.may(message), this.reader.id);
  }

  get #isChoosing() {
    return [...this.popovers].some((popover) => popover.matches(":popover-open"));
  }

  /** The pointer or the focus went, the focus to `next`: the bar goes too, unless the other of them is still there. */
  #settle(next = document.activeElement) {
    const { row } = this.bar;
    if (!row || this.#isChoosing || next?.closest("dialog, [popover]")) return;
    const isFocused = this.bar.contains(next) || (row.contains(next) && next.matches(":focus-visible"));
    if (!isFocused && !row.matches(":hover")) this.bar.leave();
  }

  #clicked(event) {
    const row = event.target.closest(".message");
    const button = event.target.closest("[data-act]");
    if (button) this.#act(this.list.messageOf(row), button, row);
    else if (row && event.pointerType === "touch" && !event.target.closest("a, button")) this.#showAt(row);
  }

  #act(message, button, row) {
    const { act, emoji } = button.dataset;
    if (act === "more") this.#openSheet(row);
    else if (act === "toggle") this.actions.toggle(message, emoji);
    else this.actions[act](message, button.closest("dialog") ? row : button); // the sheet is gone by now
  }

  #openSheet(row) {
    const message = row && this.list.messageOf(row);
    if (!message?.body && !message?.deleted_at) return;
    this.sheet.open(message, this.reader.may(message), this.reader.id, (button) => this.#act(message, button, row));
  }
}
