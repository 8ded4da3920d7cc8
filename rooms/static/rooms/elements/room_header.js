import { part } from "rooms/dom";
import { onceAFrame } from "rooms/frames";
import { paceName } from "rooms/models/slow_mode";

/** The name and topic of the room being shown, and the buttons beside them. */
class RoomHeader extends HTMLElement {
  set chat(chat) {
    this.source = chat;
    part(this, "settings").addEventListener("click", () => document.querySelector("room-settings").open());
    part(this, "people").addEventListener("click", () => document.querySelector("people-panel").toggle());
    const show = onceAFrame(() => this.#show());
    for (const event of ["place", "people", "rooms"]) chat.addEventListener(event, show);
  }

  #show() {
    const { place, room, presence } = this.source;
    part(this, "title").textContent = room?.name ?? titleOf(place);
    part(this, "title").dir = "auto";
    const topic = room?.topic ?? "";
    part(this, "topic").textContent = topic;
    part(this, "topic").title = topic;
    part(this, "tools").hidden = !room;
    this.#showSlowMode(room?.slow_mode ?? 0);
    const members = place.people.length || room?.members || 0;
    const online = place.people.filter((person) => presence.isOnline(person.id)).length;
    part(this, "people-count").textContent = members;
    part(this, "people").title = `${members} people, ${online} online`;
  }

  #showSlowMode(seconds) {
    const mark = part(this, "slow");
    mark.hidden = seconds === 0;
    part(this, "slow-pace").textContent = paceName(seconds);
    mark.title = `Slow mode: one message every ${paceName(seconds)}`;
  }
}

function titleOf(place) {
  if (place.state === "missing") return place.gone ?? "No such room";
  return "";
}

customElements.define("room-header", RoomHeader);
