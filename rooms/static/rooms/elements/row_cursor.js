/** Lets the arrow keys go from message to message; Tab comes to one of them, the newest unless it was left at another. */
export class RowCursor {
  #row = null;

  /** `rowsOf()` gives the rows; `entered(row)` and `left()` are called for Enter and Escape in one. */
  constructor(days, { rowsOf, entered, left }) {
    this.days = days;
    this.rowsOf = rowsOf;
    days.addEventListener("focusin", (event) => this.#stand(event.target.closest(".message")));
    days.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === this.#row) entered(this.#row);
      else if (event.key === "Escape" && event.target === this.#row) left();
      else if (event.target === this.#row) this.#step(event);
    });
  }

  /** The rows have changed. */
  refresh() {
    const isInside = this.days.contains(document.activeElement) && this.#row?.isConnected;
    if (!isInside) this.#stand(this.days.querySelector(".day:last-child > .message:last-child"));
  }

  #stand(row) {
    if (row === this.#row || !row) return;
    if (this.#row) this.#row.tabIndex = -1;
    this.#row = row;
    row.tabIndex = 0;
  }

  #step(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const rows = [...this.rowsOf()];
    const next = rows[rows.indexOf(this.#row) + step];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }
}
