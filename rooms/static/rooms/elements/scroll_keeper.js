const NEAR_BOTTOM = 24; // pixels from the bottom within which the reader counts as being there

/**
 * Keeps the reader's place in a scroller whose content changes above, below and around it:
 * at the bottom for who is there, else at the row that stands at the upper edge.
 */
export class ScrollKeeper {
  atBottom = true;
  #top = 0;
  #heights = "";

  /** `moved` is called after each scroll; `rowsOf()` gives the rows that can be held on to. */
  constructor(scroller, content, { moved, rowsOf }) {
    this.scroller = scroller;
    this.rowsOf = rowsOf;
    scroller.addEventListener("scroll", () => this.#scrolled(moved), { passive: true });
    // Fonts, pictures, the composer and the window change heights at times of their own.
    const observer = new ResizeObserver(() => this.atBottom && this.toBottom());
    observer.observe(scroller);
    observer.observe(content);
  }

  get distanceFromTop() {
    return this.scroller.scrollTop;
  }

  /** Change the content without moving what is being read. */
  keep(change) {
    const anchor = this.atBottom ? null : this.#anchor();
    change();
    if (this.atBottom) this.toBottom();
    else if (anchor?.row.isConnected) this.scroller.scrollTop += anchor.row.getBoundingClientRect().top - anchor.top;
  }

  toBottom() {
    this.atBottom = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#top = this.scroller.scrollTop;
    this.#heights = this.#heightsNow;
  }

  get #heightsNow() {
    return `${this.scroller.scrollHeight} ${this.scroller.clientHeight}`;
  }

  /** Whether `element` lies above what is seen; if so, scroll to where it stands a quarter below the edge. */
  backTo(element) {
    const above = this.scroller.getBoundingClientRect().top - element.getBoundingClientRect().top;
    if (above <= 0) return false;
    this.atBottom = false;
    this.scroller.scrollTop -= above + this.scroller.clientHeight / 4;
    return true;
  }

  #anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const row of this.rowsOf()) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > edge) return { row, top };
    }
    return null;
  }

  #scrolled(moved) {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const isResized = this.#heights !== this.#heightsNow;
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM) this.atBottom = true;
    // Moved by what stands around, not by the reader: that is followed.
    else if (this.atBottom && isResized) this.toBottom();
    else if (scrollTop < this.#top) this.atBottom = false;
    this.#top = this.scroller.scrollTop;
    this.#heights = this.#heightsNow;
    moved();
  }
}
