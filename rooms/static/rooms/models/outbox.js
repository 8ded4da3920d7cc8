const BACKOFF = [1_000, 2_000, 4_000, 8_000, 15_000]; // milliseconds between attempts that got no answer
const ATTEMPTS = 8; // unanswered attempts before the person is asked
const WAIT = 2; // seconds, where the refusal does not say
const WAITS = new Set(["rate_limited", "unavailable"]); // the server asks to come again
const PARKS = new Set(["offline", "unauthenticated"]); // nothing leaves before `resume()`

const NEW = { kind: "post", state: "queued", error: null, attempts: 0, tried: false, after: 0, again: 0, pause: 0, message: null, post: null };

/**
 * Posts and edits on their way out, in order within each room, kept where all tabs of the person see them.
 *
 * An entry is `{client_id, kind, room, body, created_at, state, error}` and more of its own: `kind` is `post` or
 * `edit` (then `message` is the id of what is edited, or `post` the client_id of what is itself still on its way),
 * `state` is `queued`, `sending` or `failed`. It is sent until it is answered; repeating it does no harm.
 *
 * - `send(entry)` resolves to the message and rejects with `{code, message, fields, retryAfter, slowMode, reason, until}`; `ready()` says
 *   whether it makes sense to try.
 * - `store` has `load()` and `update(id, change)`: `change` gets the entry or null and gives what to keep, null for
 *   nothing. Without one, and where it rejects, entries are kept by this page alone, and `lasting` is false.
 * - `find(room, client_id)` gives the id of a post that has been seen in its room, or null.
 * - `alone(room, action)` runs `action` while no other tab does; `tell()` lets the others know that something changed.
 */
export class Outbox {
  #entries = new Map();
  #sending = new Set();
  #busy = new Set();
  #called = new Set();
  #timers = new Map();
  #eager = new Set();
  #writes = 0;

  constructor({ store = null, send, changed, ready = () => true, find = () => null, alone = (_, action) => action(), tell = () => {}, ...world }) {
    Object.assign(this, { store, send, changed, ready, find, alone, tell });
    this.lasting = store !== null;
    this.timer = world.timer ?? setTimeout.bind(globalThis);
    this.random = world.random ?? Math.random;
    this.now = world.now ?? Date.now;
  }

  get size() {
    return this.#entries.size;
  }

  /** Whether leaving the page would lose something. */
  get isAtRisk() {
    return !this.lasting && this.size > 0;
  }

  has(client_id) {
    return this.#entries.has(client_id);
  }

  all() {
    const entries = [...this.#entries.values()].sort((a, b) => a.order - b.order || (a.client_id < b.client_id ? -1 : 1));
    return entries.map((entry) => (this.#sending.has(entry.client_id) ? { ...entry, state: "sending" } : entry));
  }

  /** The entries of one room, oldest first. */
  of(room) {
    return this.all().filter((entry) => entry.room === room);
  }

  /** Queue a post, or what else `fields` say; it is here at once, and resolves when it would outlive the page. */
  async add(fields) {
    const last = Math.max(0, ...[...this.#entries.values()].map((entry) => entry.order));
    // Counted on when the clock went back: what is written later leaves later.
    const entry = { ...NEW, ...fields, order: Math.max(this.now(), last + 1) };
    await this.#change(entry.client_id, () => entry);
    this.#next(entry.room);
  }

  /** Queue an edit of `message`, or of the unsent `post`; it replaces one that waits. */
  async edit({ message = null, post = null, body, ...fields }) {
    if (post !== null && (await this.#rewrite(post, body))) return;
    const waiting = this.all().findLast((entry) => isEditOf(entry, message, post));
    if (waiting && (await this.#rewrite(waiting.client_id, body))) return;
    // What was on its way when the edit was begun may have arrived: nobody will say so again.
    const known = message ?? this.find(fields.room, post);
    await this.add({ ...fields, kind: "edit", message: known, post, body });
  }

  /** Take in what other tabs, or an earlier visit, have left. */
  async refresh() {
    let writes;
    let kept;
    do {
      writes = this.#writes;
      kept = await this.#kept(() => this.store.load(), null);
    } while (writes !== this.#writes);
    if (kept === null) return;
    const rooms = new Set([...this.#entries.values(), ...kept].map((entry) => entry.room));
    this.#entries = new Map(kept.map((entry) => [entry.client_id, entry]));
    rooms.forEach((room) => this.changed(room));
  }

  /** The connection is there: go on in every room. */
  async resume() {
    await this.refresh();
    this.#timers.clear();
    this.#eager = this.#rooms();
    this.#eager.forEach((room) => this.#next(room));
  }

  /** Something changed in another tab: go on with what may leave. */
  async goOn() {
    await this.refresh();
    this.#rooms().forEach((room) => this.#next(room));
  }

  #rooms() {
    return new Set([...this.#entries.values()].map((entry) => entry.room));
  }

  async retry(client_id) {
    const again = (held) => held && { ...held, state: "queued", error: null, attempts: 0 };
    const entry = await this.#change(client_id, again);
    if (entry) this.#next(entry.room);
  }

  /** Give an entry up, and the edits of what was never sent. */
  async remove(client_id) {
    const edits = this.#editsOf(client_id).map((edit) => edit.client_id);
    await Promise.all([client_id, ...edits].map((id) => this.#change(id, () => null)));
  }

  /** A post was seen in its room as `message`, an id: it is no longer on its way, but edits of it may be. */
  async settle(client_id, message) {
    if (this.size === 0) return;
    const edits = this.#editsOf(client_id);
    await Promise.all(edits.map((edit) => this.#change(edit.client_id, (held) => held && { ...held, message })));
    if (this.has(client_id)) await this.#change(client_id, () => null);
    edits.slice(0, 1).forEach((edit) => this.#next(edit.room));
  }

  #editsOf(post) {
    return this.all().filter((entry) => entry.post === post && entry.message === null);
  }

  /** Change what a waiting entry says; false if it is too late for that. */
  async #rewrite(client_id, body) {
    // A post that was tried may be stored already, and a repeat would not change it.
    const canChange = (held) => held?.kind === "edit" || held?.tried === false;
    const anew = { body, state: "queued", error: null, attempts: 0 };
    const entry = await this.#change(client_id, (held) => (canChange(held) ? { ...held, ...anew } : held));
    if (!canChange(entry)) return false;
    this.#next(entry.room);
    return true;
  }

  // What is kept

  /** Change an entry, here at once and then where it is kept; resolves to what it is there. */
  async #change(client_id, change) {
    this.#writes += 1;
    const turn = this.#writes;
    const here = change(this.#entries.get(client_id) ?? null);
    this.#hold(client_id, here);
    const kept = await this.#kept(() => this.store.update(client_id, change), here);
    // What was kept before the store failed must not be found, and sent again, by another page.
    if (!this.lasting && !kept) this.store?.update(client_id, change).catch(() => {});
    if (turn === this.#writes) this.#hold(client_id, kept);
    this.tell();
    return kept;
  }

  #hold(client_id, entry) {
    const held = this.#entries.get(client_id);
    if (entry) this.#entries.set(client_id, entry);
    else this.#entries.delete(client_id);
    if (entry !== held && (entry || held)) this.changed((entry ?? held).room);
  }

  async #kept(action, otherwise) {
    if (!this.lasting) return otherwise;
    try {
      return await action();
    } catch {
      // Full, forbidden or broken: whatever it is, the conversation goes on without.
      this.lasting = false;
      this.changed(null);
      return otherwise;
    }
  }

  // What leaves

  async #next(room) {
    if (this.#timers.has(room)) return;
    if (this.#busy.has(room)) {
      this.#called.add(room);
      return;
    }
    this.#busy.add(room);
    this.#called.delete(room);
    let pause = null;
    try {
      if (this.ready()) pause = await this.alone(room, () => this.#sendFirst(room));
    } finally {
      this.#busy.delete(room);
    }
    if (pause === 0 || (pause === null && this.#called.has(room))) this.#next(room);
    else if (pause !== null) this.#later(room, pause);
  }

  /** Send the first entry that can leave; resolves to milliseconds to wait, 0 to go on, null to stay until called. */
  async #sendFirst(room) {
    await this.refresh();
    const first = this.of(room).find((entry) => entry.state === "queued" && isKnown(entry));
    if (!first || !this.ready()) return null;
    const until = this.#eager.delete(room) ? first.after : Math.max(first.after, first.again);
    const wait = until - this.now();
    // A longer wait than was asked for was made by a clock that was changed.
    if (wait > 0 && wait <= first.pause) return wait;
    const entry = await this.#change(first.client_id, (held) => held && { ...held, tried: true });
    return entry ? this.#try(entry) : 0;
  }

  async #try(entry) {
    this.#sending.add(entry.client_id);
    this.changed(entry.room);
    try {
      const message = await this.send(entry);
      await this.#arrived(entry, message);
      return 0;
    } catch (error) {
      if (error.code === undefined) throw error;
      return await this.#refused(entry, error);
    } finally {
      this.#sending.delete(entry.client_id);
      this.changed(entry.room);
    }
  }

  async #arrived({ client_id, kind, body }, message) {
    if (kind === "post") return this.settle(client_id, message.id);
    // Edited again while it was under way: that leaves next.
    return this.#change(client_id, (held) => (held && held.body !== body ? { ...held, tried: false } : null));
  }

  async #refused(entry, error) {
    if (PARKS.has(error.code)) return null;
    if (WAITS.has(error.code)) return this.#wait(entry, "after", this.#pauseOf(error));
    if (error.code !== "no_answer") return this.#fail(entry, error, false);
    const attempts = entry.attempts + 1;
    if (attempts >= ATTEMPTS) return this.#fail(entry, error, true);
    return this.#wait(entry, "again", this.#spread(BACKOFF[Math.min(attempts, BACKOFF.length) - 1]), attempts);
  }

  /** Milliseconds to wait after a refusal. Who waits for slow mode has a turn of their own, the others come apart. */
  #pauseOf({ retryAfter, slowMode }) {
    const pause = (retryAfter ?? WAIT) * 1_000;
    return slowMode ? pause : this.#spread(pause);
  }

  #spread(pause) {
    return pause * (1 + this.random() * 0.5);
  }

  /** Wait, the other tabs too: until `after` because the server asked for it, until `again` because it was silent. */
  async #wait({ client_id, attempts }, until, pause, tried = attempts) {
    await this.#change(client_id, (held) => held && { ...held, attempts: tried, pause, [until]: this.now() + pause });
    return pause;
  }

  /** Refused for good, or not known (`tried`) whether it has arrived. */
  async #fail({ client_id }, { code, message, fields, reason = null, until = null }, tried) {
    const error = { code, message, fields: fields ?? {}, reason, until };
    // What was refused is not stored: what was to be edited in it can be written into it.
    const edits = tried ? [] : this.#editsOf(client_id);
    const last = edits.at(-1);
    await Promise.all(edits.map((edit) => this.#change(edit.client_id, () => null)));
    await this.#change(client_id, (held) => held && { ...held, ...(last && { body: last.body }), state: "failed", error, tried });
    return 0;
  }

  #later(room, pause) {
    const handle = this.timer(() => {
      // A resume() in between has already gone on, and may wait for a later turn of its own.
      if (this.#timers.get(room) !== handle) return;
      this.#timers.delete(room);
      this.#next(room);
    }, pause);
    this.#timers.set(room, handle);
  }
}

function isEditOf(entry, message, post) {
  return entry.kind === "edit" && ((message !== null && entry.message === message) || (post !== null && entry.post === post));
}

/** Whether the server knows what it is about. */
function isKnown(entry) {
  return entry.kind === "post" || entry.message !== null;
}
