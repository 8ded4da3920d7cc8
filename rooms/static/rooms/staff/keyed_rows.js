import { arrangeChildren } from "rooms/dom";

/** Rows of a list that stay the same elements while what they show changes: focus and hovering survive. */
export class KeyedRows {
  #rows = new Map();

  /** `keyOf(item)`; `make()` gives a new row's element, `fill(element, item)` writes into it. */
  constructor(parent, { keyOf, make, fill }) {
    this.parent = parent;
    this.keyOf = keyOf;
    this.make = make;
    this.fill = fill;
  }

  show(items) {
    const rows = new Map();
    for (const item of items) {
      const key = this.keyOf(item);
      const row = this.#rows.get(key) ?? this.make();
      this.fill(row, item);
      rows.set(key, row);
    }
    this.#rows = rows;
    arrangeChildren(this.parent, [...rows.values()]);
  }
}
