import { gathered } from "rooms/staff/gathering";

const REFRESH = 2_000; // milliseconds in which what happens is gathered
const SEARCH_DELAY = 200; // milliseconds after the last key
const MOST_PAGES = 5; // of 100 rows; who wants more narrows the search

/**
 * A list that the server gives in pages. `load(cursor)` resolves to `{items, next}` or null, `show(items)` shows them.
 * It loads all its pages again when something has happened; only the latest answer counts.
 */
export class PagedList {
  #pages = 1;
  #run = 0;
  #timer = null;
  #isShown = false;

  constructor({ load, show, more, none }) {
    this.load = load;
    this.show = show;
    this.more = more;
    this.none = none;
    /** Something happened that may change it. */
    this.soon = gathered(() => this.#isShown && this.refresh(), REFRESH);
    more.addEventListener("click", () => {
      this.#pages += 1;
      this.refresh();
    });
  }

  /** Whether somebody sees it: else nothing is loaded. */
  set isShown(value) {
    this.#isShown = value;
    if (value) this.refresh();
  }

  /** Something else is looked for. */
  search() {
    this.#pages = 1;
    this.#run += 1; // what is on its way answers another question
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), SEARCH_DELAY);
  }

  async refresh() {
    const run = ++this.#run;
    const items = [];
    let cursor = null;
    for (let page = 0; page < this.#pages; page += 1) {
      const answer = await this.load(cursor);
      if (run !== this.#run || !answer) return;
      items.push(...answer.items);
      cursor = answer.next;
      if (!cursor) break;
    }
    this.show(items);
    this.more.hidden = !cursor || this.#pages >= MOST_PAGES;
    this.none.hidden = items.length > 0;
  }
}
