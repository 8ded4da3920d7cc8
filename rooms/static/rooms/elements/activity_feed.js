import { make, nameOf, part } from "rooms/dom";
import { clock, full } from "rooms/times";

const KEPT = 500; // rows

const SENTENCES = {
  connected: "connected",
  disconnected: "disconnected",
  refused: "was refused",
  message_posted: "wrote",
  room_created: "created a room",
  room_changed: "changed a room",
  joined: "joined",
  left: "left",
  announced: "announced",
  disconnect_user: "disconnected somebody",
};

/** What people do, the newest on top; while it is paused it is kept, not shown. */
class ActivityFeed extends HTMLElement {
  #waiting = [];
  #paused = false;

  set staff(connection) {
    this.button = part(this.closest(".console-card"), "pause");
    this.button.addEventListener("click", () => this.#toggle());
    connection.on("activity", (activity) => this.#happened(activity));
  }

  #happened(activity) {
    if (!this.#paused) {
      this.#show([activity]);
      return;
    }
    this.#waiting.push(activity);
    if (this.#waiting.length > KEPT) this.#waiting.shift();
    this.button.textContent = `Go on (${this.#waiting.length})`;
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.button.setAttribute("aria-pressed", String(this.#paused));
    this.button.textContent = this.#paused ? "Go on" : "Pause";
    if (!this.#paused) this.#show(this.#waiting.splice(0));
  }

  #show(activities) {
    const feed = part(this, "feed");
    const isAway = feed.scrollTop > 0;
    const before = feed.scrollHeight;
    for (const activity of activities) feed.prepend(rowOf(activity));
    while (feed.childElementCount > KEPT) feed.lastElementChild.remove();
    // Who has scrolled down is reading: what comes in above must not push it away.
    if (isAway) feed.scrollTop += feed.scrollHeight - before;
    part(this, "none").hidden = true;
  }
}

function rowOf({ at, kind, user, room, detail }) {
  const time = make("time", { textContent: clock(at), title: full(at), dateTime: at });
  const who = user ? nameOf(user.name) : "A guest";
  const words = [who, ` ${SENTENCES[kind] ?? kind.replaceAll("_", " ")}`];
  if (room) words.push(kind === "message_posted" ? " in " : " ", nameOf(room.name));
  const text = detailOf(detail);
  if (text) words.push(` (${text})`);
  return make("div", { className: kind === "refused" ? "refused-kind" : "" }, time, make("span", {}, ...words));
}

function detailOf(detail) {
  if (detail === null || detail === undefined || detail === "") return "";
  if (typeof detail !== "object") return String(detail);
  return Object.entries(detail).map(([name, value]) => `${name} ${value}`).join(", ");
}

customElements.define("activity-feed", ActivityFeed);
