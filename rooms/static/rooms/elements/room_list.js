import { addressOf } from "rooms/addresses";
import { arrangeChildren, copyOf, part } from "rooms/dom";
import { onceAFrame } from "rooms/frames";

const EMPTY = "No rooms yet. Browse the public ones, or create one.";

/** The rooms, with what is unread and where a draft waits. */
class RoomListElement extends HTMLElement {
  #rows = new Map();

  set chat(chat) {
    this.source = chat;
    part(this, "create")?.addEventListener("click", () => document.querySelector("room-creator").open());
    const show = onceAFrame(() => this.#show());
    chat.addEventListener("rooms", show);
    chat.addEventListener("place", show);
    chat.addEventListener("connection", show);
  }

  #show() {
    const rooms = this.source.rooms.sorted();
    const rows = rooms.map((room) => this.#row(room));
    arrangeChildren(part(this, "rooms"), rows);
    const ids = new Set(rooms.map((room) => room.id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    const note = part(this, "note");
    note.hidden = rooms.length > 0;
    if (this.source.connection.state === "refused") note.textContent = "There are no rooms to see.";
    else if (this.source.synced) note.textContent = EMPTY;
  }

  #row(room) {
    const row = this.#rows.get(room.id) ?? copyOf("room-row");
    this.#rows.set(room.id, row);
    const chat = this.source;
    const unread = chat.rooms.unread(room.id);
    const isOpen = chat.place.id === room.id;
    const link = part(row, "link");
    link.href = addressOf(room.slug);
    if (isOpen) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    row.classList.toggle("unread", unread > 0 && !isOpen);
    row.classList.toggle("archived", room.archived);
    part(row, "icon").setAttribute("href", iconOf(room));
    part(row, "name").textContent = room.name;
    part(row, "draft").hidden = isOpen || !(chat.drafts.has(room.id) || chat.edits.has(room.id));
    const count = part(row, "count");
    count.hidden = unread === 0;
    count.textContent = unread > 999 ? "999+" : unread;
    count.setAttribute("aria-label", `${unread} unread`);
    return row;
  }
}

function iconOf(room) {
  if (room.archived) return "#icon-archive";
  return room.kind === "public" ? "#icon-hash" : "#icon-lock";
}

customElements.define("room-list", RoomListElement);
