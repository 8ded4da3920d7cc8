/** What holds in the room being shown against whom, as far as this person may know: who moderates there is told. */
export class Sanctions {
  #room = null;
  #held = [];

  constructor(chat) {
    this.chat = chat;
    chat.addEventListener("place", () => this.#placeChanged());
  }

  /** Those that hold now, the newest first. */
  get active() {
    const now = Date.now();
    return this.#held.filter(({ until }) => until === null || Date.parse(until) > now);
  }

  /** What holds against a person in the room: `{mute, ban}`, each a sanction or undefined. */
  against(user) {
    const own = this.active.filter((sanction) => sanction.user?.id === user);
    return { mute: own.find(({ kind }) => kind === "mute"), ban: own.find(({ kind }) => kind === "ban") };
  }

  /** Ask for them anew. */
  async load() {
    const room = this.#room;
    if (room === null) return;
    try {
      const { sanctions } = await this.chat.connection.request("list_sanctions", { room });
      if (room === this.#room) this.#hold(sanctions);
    } catch (refusal) {
      // Coming back, or opening the list of people, asks again.
      if (refusal.code === undefined) throw refusal;
    }
  }

  #placeChanged() {
    const { room, place } = this.chat;
    const moderated = place.state === "ready" && room?.may_moderate ? room.id : null;
    if (moderated === this.#room) return;
    this.#room = moderated;
    this.#hold([]);
    this.load();
  }

  #hold(sanctions) {
    this.#held = sanctions;
    this.chat.tell("people");
  }
}
