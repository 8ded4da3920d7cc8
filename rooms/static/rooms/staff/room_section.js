import { make, nameOf, part } from "rooms/dom";
import { addressOfStaffRoom } from "rooms/staff/address";
import { count, rate } from "rooms/staff/figures";
import { ListSection } from "rooms/staff/list_section";
import "rooms/staff/room_detail";
import { seconds } from "rooms/staff/sentences";

/** The rooms with what is going on in them. */
class RoomSection extends ListSection {
  set desk(desk) {
    super.desk = desk;
    desk.connection.on("activity", () => this.list.soon());
    desk.connection.addEventListener("state", () => desk.connection.online && this.load(null));
  }

  async load(cursor) {
    const query = part(this, "query").value.trim();
    const answer = await this.source.request("list_rooms", { ...(query && { query }), ...(cursor && { cursor }) });
    if (!answer) return null;
    this.source.learn(answer.rooms);
    return { items: answer.rooms, next: answer.next };
  }

  keyOf(room) {
    return room.id;
  }

  async itemOf(id) {
    const answer = await this.source.request("list_rooms", { room: Number(id) });
    return answer?.rooms[0] ?? null;
  }

  makeRow() {
    const link = make(
      "a",
      { className: "row-link" },
      make("span", { className: "row-main", data: { part: "main" } }),
      make("span", { className: "row-side", data: { part: "side" } }),
    );
    return make("li", {}, link);
  }

  fillRow(row, room) {
    row.firstElementChild.href = addressOfStaffRoom(room.id);
    part(row, "main").replaceChildren(nameOf(room.name), ...tagsOf(room));
    part(row, "side").textContent = `${count(room.online)} here · ${rate(room.messages_per_minute)} / min`;
  }
}

/** What is special about a room, as tags. */
export function tagsOf({ kind, archived, read_only: isReadOnly, slow_mode: slow }) {
  const tag = (text) => make("span", { className: "tag", textContent: text });
  return [
    kind !== "public" && tag(kind),
    archived && tag("archived"),
    isReadOnly && tag("read-only"),
    slow > 0 && tag(`slow: ${seconds(slow)}`),
  ].filter(Boolean);
}

customElements.define("room-section", RoomSection);
