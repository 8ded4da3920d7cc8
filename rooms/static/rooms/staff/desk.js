import { notify } from "rooms/elements/notice_list";
import { askReason } from "rooms/elements/reason_dialog";

const UNDO_TIME = 60_000; // milliseconds in which what was deleted can be brought back

/**
 * What the console's elements share: the connection of the staff, who acts, and what they may do. What they may not
 * do is not offered; the server decides all the same. Fires `acted` after something was done or undone, and `rooms`
 * when the rooms that can be chosen are known.
 */
export class Desk extends EventTarget {
  rooms = [];
  #names = new Map();

  constructor(connection, { userId, permissions, adminUrl }) {
    super();
    this.connection = connection;
    this.userId = Number(userId);
    this.adminUrl = adminUrl;
    this.permissions = new Set(permissions.split(" "));
  }

  may(permission) {
    return this.permissions.has(permission);
  }

  /** Send a command. What is refused is shown as a notice; it resolves to null then. */
  async request(command, payload = {}) {
    try {
      return await this.connection.request(command, payload);
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      if (refusal.code !== "offline") notify(Object.values(refusal.fields)[0] ?? refusal.message, "error");
      return null;
    }
  }

  /** Ask why, carry the measure out, and say that it was done. What a measure is says `measures.js`. */
  carryOut({ command, payload, done, undo, ...question }) {
    return askReason({
      ...question,
      act: async (answer) => this.#tell(await this.connection.request(command, payload(answer)), done, undo),
    });
  }

  /** Do what can be taken back, without asking. */
  async act({ command, payload, done, undo }) {
    const data = await this.request(command, payload);
    if (data) this.#tell(data, done, undo);
  }

  /** Rooms that were listed: their names are known from now on. */
  learn(rooms) {
    rooms.forEach(({ id, name }) => this.#names.set(id, name));
    this.rooms = [...this.#names].map(([id, name]) => ({ id, name }));
    this.dispatchEvent(new Event("rooms"));
  }

  nameOfRoom(id) {
    return this.#names.get(id) ?? `#${id}`;
  }

  #tell(data, done, undo) {
    this.dispatchEvent(new Event("acted"));
    const way = undo?.(data) ?? null;
    const offer = way && { name: "Undo", act: () => this.act({ ...way, done: () => "Undone." }), lasts: UNDO_TIME };
    notify(done(data), "info", false, offer);
  }
}
