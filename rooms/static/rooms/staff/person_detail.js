import { make, part } from "rooms/dom";
import { showPerson } from "rooms/elements/user_avatar";
import { Detail } from "rooms/staff/detail";
import { KeyedRows } from "rooms/staff/keyed_rows";
import * as measures from "rooms/staff/measures";
import { browserOf, sanctionWords, untilWords } from "rooms/staff/sentences";
import { full, span } from "rooms/times";

/** A person or a guest: their connections, what holds against them, and what can be done. */
class PersonDetail extends Detail {
  set desk(desk) {
    super.desk = desk;
    this.sockets = new KeyedRows(part(this, "sockets"), {
      keyOf: ({ sid }) => sid,
      make: () => this.#socketRow(),
      fill: (row, socket) => this.#fillSocket(row, socket),
    });
    this.sanctions = new KeyedRows(part(this, "sanctions"), {
      keyOf: ({ id }) => id,
      make: () => this.#sanctionRow(),
      fill: (row, sanction) => this.#fillSanction(row, sanction),
    });
    desk.connection.on("activity", ({ kind, user }) => {
      const isTheirs = user?.id === this.item?.user?.id && /connect|joined|left/.test(kind);
      // What is done to somebody does not say to whom but by name.
      if (isTheirs || /mute|ban|lift/.test(kind)) this.soon();
    });
  }

  begin() {
    const { user, guest, avatar, username, staff } = this.item;
    const name = guest ? this.item.name || "Guest" : user.name;
    showPerson(part(this, "avatar"), { name, avatar });
    part(this, "title").replaceChildren(make("bdi", { textContent: name }));
    part(this, "about").textContent = guest ? "A guest: without an account" : `${username}${staff ? " · staff" : ""}`;
    part(this, "links").hidden = Boolean(guest);
    if (guest) this.#offerForGuest(name);
    else this.#offerFor(user);
    if (user) {
      part(this, "links").replaceChildren(
        this.link("In the administration", `accounts/user/${user.id}/change/`),
        this.link("What was done", `accounts/auditentry/?q=${encodeURIComponent(user.name)}`),
      );
    }
  }

  async load() {
    const { item } = this;
    const [sockets, sanctions] = await Promise.all([this.#loadSockets(item), this.#loadSanctions(item)]);
    if (!this.item || whoIs(item) !== whoIs(this.item)) return; // somebody else has been opened meanwhile
    if (sockets) this.sockets.show(sockets);
    if (sanctions) this.sanctions.show(sanctions);
    part(this, "no-sockets").hidden = part(this, "sockets").childElementCount > 0;
    part(this, "no-sanctions").hidden = part(this, "sanctions").childElementCount > 0;
  }

  async #loadSockets({ guest, sid, user }) {
    const answer = await this.source.request("list_sockets", guest ? { sid } : { user: user.id });
    return answer?.sockets;
  }

  async #loadSanctions({ guest, user }) {
    if (guest) return [];
    const answer = await this.source.request("list_sanctions", { user: user.id });
    return answer?.sanctions;
  }

  #offerFor(user) {
    const { source } = this;
    const isOther = user.id !== source.userId;
    const { rooms } = source;
    const mayEverywhere = source.may("ban_users");
    const offers = [
      ["Disconnect all tabs", "moderate_rooms", () => source.act(measures.disconnectAll(user))],
      ["Sign out everywhere …", "moderate_rooms", () => source.carryOut(measures.signOut(user))],
      ["Mute …", "moderate_rooms", () => source.carryOut(measures.mute(user, { rooms }))],
      ["Delete messages …", "moderate_rooms", () => source.carryOut(measures.deleteAll(user, { rooms }))],
      ["Ban …", "moderate_rooms", () => source.carryOut(measures.ban(user, { rooms, mayEverywhere })), "danger"],
    ];
    this.offer(part(this, "acts"), isOther ? offers : []);
  }

  #offerForGuest(name) {
    const { source } = this;
    const { sid } = this.item;
    this.offer(part(this, "acts"), [
      ["Disconnect", "moderate_rooms", () => source.act(measures.disconnectSocket(sid))],
      ["Ban …", "ban_users", () => source.carryOut(measures.banGuest({ sid, name })), "danger"],
    ]);
  }

  #socketRow() {
    const row = make("li", { className: "fact-row" }, make("div", { className: "row-main" }, make("p", { data: { part: "what" } }), make("p", { className: "help", data: { part: "more" } })));
    if (this.source.may("moderate_rooms")) row.append(button("Disconnect", () => this.source.act(measures.disconnectSocket(row.dataset.sid))));
    return row;
  }

  #fillSocket(row, { sid, address, agent, transport, since, rooms }) {
    row.dataset.sid = sid;
    part(row, "what").textContent = `${browserOf(agent ?? "")} · ${address}`;
    part(row, "what").title = agent ?? "";
    const names = rooms.map((room) => Number(/^(?:room|reading|guests):(\d+)$/.exec(room)?.[1])).filter(Boolean);
    const places = names.map((id) => this.source.nameOfRoom(id)).join(", ");
    part(row, "more").textContent = `${transport}, for ${span(Date.now() - new Date(since))}${places && ` · ${places}`}`;
    part(row, "more").title = full(since);
  }

  #sanctionRow() {
    const row = make("li", { className: "fact-row" }, make("div", { className: "row-main" }, make("p", { data: { part: "what" } }), make("p", { className: "help", data: { part: "more" } })));
    row.append(button("Lift", () => this.source.act(measures.lift(row.sanction))));
    return row;
  }

  #fillSanction(row, sanction) {
    const needed = sanction.kind === "ban" && !sanction.room ? "ban_users" : "moderate_rooms";
    row.sanction = sanction;
    row.lastElementChild.hidden = !this.source.may(needed);
    part(row, "what").textContent = `${sanctionWords(sanction)} ${untilWords(sanction.until)}`;
    const more = [make("bdi", { textContent: sanction.reason })];
    if (sanction.by) more.push(" — ", make("bdi", { textContent: sanction.by.name }));
    part(row, "more").replaceChildren(...more);
  }
}

function button(name, act) {
  const made = make("button", { className: "button small", type: "button", textContent: name });
  made.addEventListener("click", act);
  return made;
}

/** A person by their id, a guest by a connection of theirs. */
const whoIs = ({ user, sid }) => user?.id ?? sid;

customElements.define("person-detail", PersonDetail);
