import { part } from "rooms/dom";
import { onceAFrame } from "rooms/frames";
import { gathered } from "rooms/staff/gathering";
import { KeyedRows } from "rooms/staff/keyed_rows";
import { makeMessage, showMessage } from "rooms/staff/staff_message";

const KEPT = 200; // messages
const AGAIN = 1_000; // milliseconds in which gaps are gathered

/** A room as it is being talked in, for staff who do not belong to it: nobody there is told. */
class WatchTimeline extends HTMLElement {
  isOn = false;
  #room = null;
  #messages = new Map(); // seq -> message
  #version = 0; // of the room: what was heard last
  #again = gathered(() => this.isOn && !this.isPaused && this.#begin(), AGAIN);
  #draw = onceAFrame(() => this.#show());

  set desk(desk) {
    this.source = desk;
    this.rows = new KeyedRows(part(this, "messages"), {
      keyOf: ({ seq }) => seq,
      make: () => makeMessage(desk, () => this.#room),
      fill: showMessage,
    });
    desk.connection.on("message_posted", (event) => this.#happened(event));
    desk.connection.on("message_changed", (event) => this.#happened(event));
    desk.connection.on("room_removed", ({ room }) => room === this.#room?.id && this.#lost());
    // What was changed from here is told to all but this connection.
    desk.addEventListener("acted", () => this.#again());
    // The server forgets who watched when a connection ends.
    desk.connection.addEventListener("state", () => desk.connection.online && this.isOn && this.#begin());
  }

  watch(room) {
    this.stop();
    this.isOn = true;
    this.#room = room;
    this.#begin();
  }

  stop() {
    this.pause();
    this.isOn = false;
    this.#version = 0;
    this.#messages.clear();
    this.rows.show([]);
  }

  /** It is not seen: nothing is heard until `resume`. */
  pause() {
    if (this.#room && this.isOn && this.source.connection.online) this.source.request("watch_room", { room: this.#room.id, on: false });
    this.isPaused = true;
  }

  resume() {
    if (this.isOn && this.isPaused) this.#begin();
  }

  async #begin() {
    this.isPaused = false;
    const room = this.#room;
    const answer = await this.source.request("watch_room", { room: room.id, on: true });
    if (!this.isOn || room !== this.#room) return;
    if (!answer) return;
    this.#version = Math.max(this.#version, answer.room.version);
    answer.messages.forEach((message) => this.#keep(message));
    this.#draw();
  }

  #happened({ room, version, message }) {
    if (!this.isOn || room !== this.#room.id) return;
    // Who does not keep up misses something: the newest messages are read again.
    if (this.#version && version > this.#version + 1) this.#again();
    this.#version = Math.max(this.#version, version);
    this.#keep({ ...message, room });
    this.#draw();
  }

  /** The room may not be seen any more. */
  #lost() {
    this.#messages.clear();
    this.#draw();
  }

  #keep(message) {
    const held = this.#messages.get(message.seq);
    if (!held || held.version < message.version) this.#messages.set(message.seq, message);
    if (this.#messages.size <= KEPT) return;
    const oldest = [...this.#messages.keys()].sort((a, b) => a - b).slice(0, this.#messages.size - KEPT);
    oldest.forEach((seq) => this.#messages.delete(seq));
  }

  #show() {
    const place = part(this, "messages");
    const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 60;
    this.rows.show([...this.#messages.values()].sort((a, b) => a.seq - b.seq));
    part(this, "none").hidden = this.#messages.size > 0;
    if (isAtEnd) place.scrollTop = place.scrollHeight;
  }
}

customElements.define("watch-timeline", WatchTimeline);
