export const TYPING_TTL = 5_000; // milliseconds after which a typing note that was not repeated is over
export const TYPING_REPEAT = 3_000; // milliseconds between two notes of our own

/** Who is typing where. */
export class Typing {
  #notes = new Map();

  /** Somebody started or stopped; `now` in milliseconds. */
  changed(room, user, typing, now) {
    const notes = this.#notes.get(room) ?? new Map();
    this.#notes.set(room, notes);
    if (typing) notes.set(keyOf(user), { name: user.name, until: now + TYPING_TTL });
    else notes.delete(keyOf(user));
  }

  /** Names of those typing in a room, the longest at it first. */
  names(room, now) {
    const notes = this.#notes.get(room);
    if (!notes) return [];
    for (const [key, note] of notes) if (note.until <= now) notes.delete(key);
    return [...notes.values()].map((note) => note.name);
  }
}

/** When to tell the others that one is typing. */
export class OwnTyping {
  #room = null;
  #told = -Infinity;

  /** A key was pressed; true when the others should be told. */
  pressed(room, now) {
    if (room === this.#room && now - this.#told < TYPING_REPEAT) return false;
    this.#room = room;
    this.#told = now;
    return true;
  }

  /** Sent, emptied or left; the room to be told so, or null. */
  stopped(now) {
    const room = now - this.#told < TYPING_TTL ? this.#room : null;
    this.#room = null;
    this.#told = -Infinity;
    return room;
  }
}

function keyOf(user) {
  return user.id ?? `guest ${user.name}`;
}
