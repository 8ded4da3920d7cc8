import { part } from "rooms/dom";
import { KeyedRows } from "rooms/staff/keyed_rows";
import { PagedList } from "rooms/staff/paged_list";

/**
 * A section with a list, and beside it what is open. Who derives from it defines `load(cursor)`, `keyOf(item)`,
 * `makeRow()`, `fillRow(row, item)` and `itemOf(id)`, which resolves to what the address names, or null.
 */
export class ListSection extends HTMLElement {
  items = [];
  #opened = "";

  set desk(desk) {
    this.source = desk;
    this.detail = this.querySelector("[data-detail]");
    this.detail.desk = desk;
    this.rows = new KeyedRows(part(this, "rows"), {
      keyOf: (item) => String(this.keyOf(item)),
      make: () => this.makeRow(),
      fill: (row, item) => this.fillRow(row, item),
    });
    this.list = new PagedList({
      load: (cursor) => this.load(cursor),
      show: (items) => this.#show(items),
      more: part(this, "more"),
      none: part(this, "none"),
    });
    for (const control of this.querySelectorAll("[data-looks]")) {
      control.addEventListener(control.type === "search" ? "input" : "change", () => this.list.search());
    }
    desk.addEventListener("acted", () => this.list.soon());
  }

  /** It comes into sight, with what `id` names open in it. */
  show(id) {
    this.list.isShown = true;
    if (id !== this.#opened) this.#open(id);
    else if (id) this.detail.resume();
  }

  /** It is not looked at any more: nothing is loaded or heard for it. */
  leave() {
    this.list.isShown = false;
    this.detail.pause();
  }

  async #open(id) {
    const before = this.#opened;
    this.#opened = id;
    this.classList.toggle("opened", id !== "");
    this.#mark();
    if (!id) {
      this.detail.close();
      this.#rowOf(before)?.querySelector("a").focus();
      return;
    }
    const known = this.items.find((item) => String(this.keyOf(item)) === id);
    const item = known ?? (await this.itemOf(id));
    if (this.#opened !== id) return;
    this.detail.open(item);
    part(this.detail, "title").focus({ preventScroll: true });
  }

  #show(items) {
    this.items = items;
    this.rows.show(items);
    this.#mark();
    const opened = items.find((item) => String(this.keyOf(item)) === this.#opened);
    if (opened) this.detail.refresh(opened);
  }

  #rowOf(id) {
    const index = this.items.findIndex((item) => String(this.keyOf(item)) === id);
    return index < 0 ? null : part(this, "rows").children[index];
  }

  /** The row of what is open says so. */
  #mark() {
    for (const link of part(this, "rows").querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
    this.#rowOf(this.#opened)?.querySelector("a").setAttribute("aria-current", "true");
  }
}
