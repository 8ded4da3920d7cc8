/** Who is here, as far as this page was told: `online`, `away`, `dnd` or `offline`. */
export class Presence {
  #states = new Map();

  state(id) {
    return this.#states.get(id) ?? "offline";
  }

  isOnline(id) {
    return this.state(id) !== "offline";
  }

  changed(id, state) {
    if (id !== null) this.#states.set(id, state);
  }

  /** Of these people exactly the `online` ones are here; a finer state already known stays. */
  seen(people, online) {
    const here = new Set(online);
    for (const { id } of people) if (!here.has(id)) this.#states.set(id, "offline");
    for (const id of here) if (!this.isOnline(id)) this.#states.set(id, "online");
  }
}
