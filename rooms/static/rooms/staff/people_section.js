import { make, nameOf, part } from "rooms/dom";
import { showPerson } from "rooms/elements/user_avatar";
import { addressOfPerson } from "rooms/staff/address";
import { ListSection } from "rooms/staff/list_section";
import "rooms/staff/person_detail";
import { span } from "rooms/times";

const GUEST = "guest:"; // before the sid of a guest's connection, in the address

/** Who is there, guests too; and whoever else is looked for. */
class PeopleSection extends ListSection {
  set desk(desk) {
    super.desk = desk;
    desk.connection.on("activity", ({ kind }) => /connect|mute|ban|lift/.test(kind) && this.list.soon());
  }

  async load(cursor) {
    const query = part(this, "query").value.trim();
    const online = part(this, "online").checked;
    const answer = await this.source.request("list_people", { online, ...(query && { query }), ...(cursor && { cursor }) });
    if (!answer) return null;
    return { items: answer.people, next: answer.next };
  }

  keyOf(person) {
    return person.guest ? `${GUEST}${person.sid}` : person.user.id;
  }

  async itemOf(id) {
    if (id.startsWith(GUEST)) return null; // has gone: a guest is no more than a connection
    const answer = await this.source.request("list_people", { user: Number(id), online: false });
    return answer?.people[0] ?? null;
  }

  makeRow() {
    const link = make(
      "a",
      { className: "row-link" },
      make("user-avatar"),
      make("span", { className: "row-main", data: { part: "main" } }),
      make("span", { className: "row-side", data: { part: "side" } }),
    );
    return make("li", {}, link);
  }

  fillRow(row, person) {
    const name = person.guest ? person.name : person.user.name;
    row.firstElementChild.href = addressOfPerson(this.keyOf(person));
    const avatar = row.querySelector("user-avatar");
    showPerson(avatar, { name, avatar: person.avatar });
    avatar.dataset.presence = person.online ? "online" : "offline";
    part(row, "main").replaceChildren(nameOf(name || "Guest"), ...tagsOf(person));
    part(row, "side").textContent = person.online ? presence(person) : "offline";
  }
}

const presence = ({ sockets, since }) => `${tabs(sockets)} · ${span(Date.now() - new Date(since))}`;
const tabs = (number) => (number === 1 ? "1 tab" : `${number} tabs`);

function tagsOf({ guest, staff, sanctions = [] }) {
  const tag = (text, kind = "") => make("span", { className: `tag ${kind}`, textContent: text });
  const kinds = new Set(sanctions.map(({ kind }) => kind));
  return [
    guest && tag("guest"),
    staff && tag("staff"),
    kinds.has("mute") && tag("muted", "warns"),
    kinds.has("ban") && tag("banned", "bad"),
  ].filter(Boolean);
}

customElements.define("people-section", PeopleSection);
