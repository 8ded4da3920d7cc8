import { make, part } from "rooms/dom";
import { notify } from "rooms/elements/notice_list";
import { addressOf } from "rooms/addresses";

const SEARCH_DELAY = 200; // milliseconds after the last key
const REFRESH = 5_000; // milliseconds in which what happens is gathered

/** The rooms with what is going on in them. */
class RoomTable extends HTMLElement {
  #timer = null;
  #refresh = null;
  #next = null;

  set staff(connection) {
    this.connection = connection;
    this.query = part(this.closest(".console-card"), "query");
    this.query.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#load(), SEARCH_DELAY);
    });
    part(this, "more").addEventListener("click", () => this.#load(this.#next));
    connection.addEventListener("state", () => connection.online && this.#load());
    connection.on("activity", () => this.#soon());
  }

  #soon() {
    this.#refresh ??= setTimeout(() => {
      this.#refresh = null;
      this.#load();
    }, REFRESH);
  }

  async #load(cursor = null) {
    const query = this.query.value.trim();
    const payload = { ...(query && { query }), ...(cursor !== null && { cursor }) };
    try {
      const { rooms, next } = await this.connection.request("list_rooms", payload);
      if (query !== this.query.value.trim()) return;
      this.#show(rooms, next, cursor !== null);
    } catch (refusal) {
      if (refusal.code !== "offline") notify(refusal.message, "error");
    }
  }

  #show(rooms, next, append) {
    const rows = rooms.map(rowOf);
    if (append) part(this, "rows").append(...rows);
    else part(this, "rows").replaceChildren(...rows);
    this.#next = next;
    part(this, "more").hidden = !next;
    part(this, "none").hidden = part(this, "rows").childElementCount > 0;
    this.dispatchEvent(new CustomEvent("listed", { bubbles: true, detail: rooms }));
  }
}

function rowOf(room) {
  const name = make("a", { href: addressOf(room.slug) }, make("bdi", { textContent: room.name }));
  const kind = room.archived ? `${room.kind}, archived` : room.kind;
  const number = (value) => make("td", { className: "number-cell", textContent: (value ?? 0).toLocaleString() });
  return make("tr", {}, make("td", {}, name), make("td", { textContent: kind }), number(room.members), number(room.online), number(room.messages ?? room.last_seq));
}

customElements.define("room-table", RoomTable);
