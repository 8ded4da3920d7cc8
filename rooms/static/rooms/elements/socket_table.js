import { make, nameOf, part } from "rooms/dom";
import { confirmed } from "rooms/elements/confirm_dialog";
import { notify } from "rooms/elements/notice_list";
import { full, span } from "rooms/times";

const REFRESH = 1_000; // milliseconds in which comings and goings are gathered

/** Who is connected, from where; disconnects a person's connections. */
class SocketTable extends HTMLElement {
  #timer = null;
  #next = null;
  #names = new Map();

  set staff(connection) {
    this.connection = connection;
    const card = this.closest(".console-card");
    part(card, "refresh").addEventListener("click", () => this.#load());
    part(this, "more").addEventListener("click", () => this.#load(this.#next));
    part(this, "rows").addEventListener("click", (event) => this.#pressed(event.target.closest("button")));
    document.addEventListener("listed", ({ detail }) => this.#learn(detail));
    connection.addEventListener("state", () => connection.online && this.#load());
    connection.on("activity", ({ kind }) => /connect/.test(kind) && this.#soon());
  }

  #soon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#load();
    }, REFRESH);
  }

  async #load(cursor = null) {
    try {
      const { sockets, next } = await this.connection.request("list_sockets", cursor === null ? {} : { cursor });
      const rows = sockets.map((socket) => this.#row(socket));
      if (cursor === null) part(this, "rows").replaceChildren(...rows);
      else part(this, "rows").append(...rows);
      this.#next = next;
      part(this, "more").hidden = !next;
      part(this, "none").hidden = part(this, "rows").childElementCount > 0;
      part(this.closest(".console-card"), "total").textContent = part(this, "rows").childElementCount + (next ? "+" : "");
    } catch (refusal) {
      if (refusal.code !== "offline") notify(refusal.message, "error");
    }
  }

  #row({ user, address, agent, since, rooms }) {
    const person = user ? nameOf(user.name) : make("span", { textContent: "Guest", className: "tag" });
    const rest = [
      make("td", { textContent: address ?? "" }),
      make("td", { textContent: browserOf(agent ?? ""), title: agent ?? "" }),
      make("td", { textContent: span(Date.now() - new Date(since)), title: full(since) }),
      make("td", { textContent: this.#roomNames(rooms), title: rooms.join(", "), data: { rooms: rooms.join(" ") } }),
    ];
    const isOther = user && user.id !== null && String(user.id) !== this.closest("staff-console").dataset.userId;
    const button = isOther && make("button", { className: "link-button", type: "button", textContent: "Disconnect", data: { user: user.id, name: user.name } });
    return make("tr", {}, make("td", {}, person), ...rest, make("td", { className: "number-cell" }, button || null));
  }

  /** Rooms are listed on their own, so a connection's may come before their names. */
  #learn(rooms) {
    rooms.forEach((room) => this.#names.set(room.id, room.name));
    for (const cell of this.querySelectorAll("[data-rooms]")) {
      cell.textContent = this.#roomNames(cell.dataset.rooms.split(" "));
    }
  }

  /** The rooms that a connection hears, by name; the server tells them as `room:3`. */
  #roomNames(rooms) {
    const ids = rooms.map((room) => Number(/^(?:room|reading|guests):(\d+)$/.exec(room)?.[1])).filter(Boolean);
    return ids.map((id) => this.#names.get(id) ?? `#${id}`).join(", ");
  }

  async #pressed(button) {
    if (!button) return;
    const { user, name } = button.dataset;
    const text = "All their connections are closed. They come back by themselves as long as they are logged in.";
    if (!(await confirmed({ title: `Disconnect ${name}?`, text, yes: "Disconnect" }))) return;
    try {
      await this.connection.request("disconnect_user", { user: Number(user) });
      this.#soon();
    } catch (refusal) {
      notify(refusal.message, "error");
    }
  }
}

/** The browser's name out of its long description of itself. */
function browserOf(agent) {
  const names = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
  const found = names.find(([mark]) => agent.includes(`${mark}/`));
  const system = /(Windows|Macintosh|Android|iPhone|iPad|Linux)/.exec(agent)?.[1]?.replace("Macintosh", "Mac");
  if (!found) return agent.split(" ")[0];
  return system ? `${found[1]} on ${system}` : found[1];
}

customElements.define("socket-table", SocketTable);
