import { make, part } from "rooms/dom";
import { addressOf } from "rooms/addresses";
import { confirmed } from "rooms/elements/confirm_dialog";
import { Detail } from "rooms/staff/detail";
import { count, rate } from "rooms/staff/figures";
import * as measures from "rooms/staff/measures";
import "rooms/staff/watch_timeline";

/** A room: how it is, what can be changed about it, and what is said in it, for who watches. */
class RoomDetail extends Detail {
  set desk(desk) {
    super.desk = desk;
    this.timeline = this.querySelector("watch-timeline");
    this.timeline.desk = desk;
    part(this, "watch").addEventListener("click", () => this.#toggle());
    part(this, "read-only").addEventListener("change", ({ target }) => this.#change({ read_only: target.checked }));
    part(this, "slow").addEventListener("change", ({ target }) => this.#change({ slow_mode: Number(target.value) }));
    desk.connection.on("room_changed", ({ room }) => room.id === this.item?.id && this.refresh({ ...this.item, ...room }));
  }

  begin() {
    const { id, slug, name, kind } = this.item;
    part(this, "title").replaceChildren(make("bdi", { textContent: name }));
    part(this, "links").replaceChildren(
      make("a", { href: addressOf(slug), textContent: "In the chat" }),
      this.link("In the administration", `rooms/room/${id}/change/`),
    );
    part(this, "settings").hidden = !this.source.may("moderate_rooms");
    part(this, "watch").hidden = !(kind === "public" || this.source.may("view_private_rooms"));
    this.timeline.stop();
    this.#showWatch();
    this.#show();
  }

  refresh(room) {
    super.refresh(room);
    this.#show();
  }

  async load() {
    const { item } = this;
    const answer = await this.source.request("list_rooms", { room: item.id });
    if (answer?.rooms[0] && item.id === this.item?.id) this.refresh(answer.rooms[0]);
    this.timeline.resume();
  }

  pause() {
    super.pause();
    this.timeline.pause();
  }

  close() {
    super.close();
    this.timeline.stop();
  }

  #show() {
    const room = this.item;
    if (!room) return;
    const facts = [`${count(room.members)} people`, `${count(room.online)} here now`, `${count(room.messages)} messages`, `${rate(room.messages_per_minute)} a minute`];
    part(this, "about").textContent = facts.join(" · ");
    part(this, "read-only").checked = room.read_only;
    showSlowMode(part(this, "slow"), room.slow_mode ?? 0);
    this.#offerActs(room);
  }

  #offerActs(room) {
    const shown = String(room.archived);
    if (part(this, "acts").dataset.shown === `${room.id} ${shown}`) return; // focus stays where it is
    part(this, "acts").dataset.shown = `${room.id} ${shown}`;
    const name = room.archived ? "Restore" : "Archive";
    this.offer(part(this, "acts"), [
      [name, "moderate_rooms", () => this.source.act(measures.archive(this.item, !this.item.archived))],
      ["Clear …", "moderate_rooms", () => this.#clear(), "danger"],
    ]);
  }

  #change(fields) {
    return this.source.act(measures.change(this.item, fields)).then(() => this.#show());
  }

  async #clear() {
    const measure = measures.clear(this.item);
    if (await confirmed(measure)) this.source.act(measure);
  }

  #toggle() {
    if (this.timeline.isOn) this.timeline.stop();
    else this.timeline.watch(this.item);
    this.#showWatch();
  }

  #showWatch() {
    const { isOn } = this.timeline;
    part(this, "watch").textContent = isOn ? "Stop watching" : "Watch";
    part(this, "watch").setAttribute("aria-pressed", String(isOn));
    part(this, "watch-help").hidden = isOn;
    this.timeline.hidden = !isOn;
  }
}

/** The select shows what holds, also if it is none of those it offers. */
function showSlowMode(select, value) {
  if (![...select.options].some((option) => option.value === String(value))) select.append(new Option(`${value} s`, value));
  if (document.activeElement !== select) select.value = String(value);
}

customElements.define("room-detail", RoomDetail);
