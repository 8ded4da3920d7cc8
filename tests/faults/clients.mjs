/**
 * Many people in one process, each with a real socket.io-client and the browser's own outbox and timelines.
 *
 * Commanded by JSON lines on stdin, `{id, verb, …}`, each answered by one on stdout, `{id, value}` or `{id, error}`.
 * The journal of each is what it was acked, what it holds and what it was shown: to be compared with the database.
 */

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";

import { Manager } from "socket.io-client";

import { Outbox } from "../../rooms/static/rooms/models/outbox.js";
import { Timeline } from "../../rooms/static/rooms/models/timeline.js";

const LOOK = 5; // milliseconds between two looks at something awaited
const GAP_PATIENCE = 250; // milliseconds, as the browser has
const RECONNECT = { reconnectionDelay: 100, reconnectionDelayMax: 1_000, randomizationFactor: 0.5 };

class Refusal extends Error {
  constructor({ code, message = code, retry_after = null }) {
    super(message);
    this.code = code;
    this.retryAfter = retry_after;
  }
}

/** Keeps what the outbox of a page keeps in the browser. */
class Memory {
  #kept = new Map();

  async load() {
    return [...this.#kept.values()];
  }

  async update(id, change) {
    const entry = change(this.#kept.get(id) ?? null);
    if (entry) this.#kept.set(id, entry);
    else this.#kept.delete(id);
    return entry;
  }
}

class Client {
  timelines = new Map();
  seen = new Map(); // message id -> {room, times}: how often each was told of
  acked = [];
  added = [];
  refusals = [];
  disconnects = [];
  user = null;
  returns = 0; // how often it has caught up after a connection
  behind = false;
  #running = null;
  #again = false;
  #gap = null;
  #closed = false;

  constructor({ name, url, cookies, ack_timeout = 8_000 }) {
    this.name = name;
    this.ackTimeout = ack_timeout;
    const Cookie = Object.entries(cookies).map(([key, value]) => `${key}=${value}`).join("; ");
    this.manager = new Manager(url, {
      transports: ["websocket"],
      extraHeaders: { Origin: url, Cookie },
      timeout: 5_000,
      ...RECONNECT,
    });
    this.outbox = new Outbox({
      store: new Memory(),
      send: (entry) => this.#send(entry),
      ready: () => this.socket.connected,
      changed: () => {},
    });
    this.socket = this.manager.socket("/");
    this.socket.on("connect", () => this.#return());
    this.socket.on("disconnect", (reason) => this.#dropped(reason));
    this.socket.on("connect_error", () => this.socket.active || this.#later(200));
    this.socket.on("message_posted", (event) => this.#told(event));
    this.socket.on("message_changed", (event) => this.#told(event));
    this.socket.on("room_removed", ({ room }) => this.timelines.delete(room));
  }

  async request(event, payload = {}) {
    if (!this.socket.connected) throw new Refusal({ code: "offline" });
    let ack;
    try {
      ack = await this.socket.timeout(this.ackTimeout).emitWithAck(event, payload);
    } catch {
      throw new Refusal({ code: this.socket.connected ? "no_answer" : "offline" });
    }
    if (!ack.ok) throw new Refusal(ack.error);
    return ack.data;
  }

  add(room, body, client_id = randomUUID()) {
    this.added.push({ client_id, room, body });
    this.outbox.add({ client_id, room, body, created_at: new Date().toISOString() });
    return client_id;
  }

  async watch(room) {
    const { room: opened, messages, version } = await this.request("open_room", { room });
    const timeline = this.timelines.get(opened.id) ?? new Timeline(opened.id);
    this.timelines.set(opened.id, timeline);
    messages.forEach((message) => this.#note(message));
    timeline.reset(messages, version);
    return opened.id;
  }

  /** Catches up with `sync` as the page does; asked for while it runs, it runs once more after that. */
  async catchUp() {
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.behind = true;
    this.#running = this.#untilLevel().then(
      () => (this.behind = false),
      (refusal) => refusal.code === "offline" || setTimeout(() => this.catchUp(), (refusal.retryAfter ?? 1) * 1_000),
    );
    await this.#running;
    this.#running = null;
    if (!this.#again) return;
    this.#again = false;
    await this.catchUp();
  }

  versions() {
    return Object.fromEntries([...this.timelines].map(([id, { version }]) => [id, version]));
  }

  /** What is still on its way, but not what was given up. */
  get waiting() {
    return this.outbox.all().filter(({ state }) => state !== "failed").length;
  }

  journal() {
    const { user, acked, added, refusals, disconnects, returns } = this;
    const given_up = new Set(this.outbox.all().filter(({ state }) => state === "failed").map((entry) => entry.client_id));
    const failed = added.filter(({ client_id }) => given_up.has(client_id));
    const shown = Object.fromEntries([...this.timelines].map(([id, { messages }]) => [id, messages.map(({ id, seq, version, body }) => ({ id, seq, version, body }))]));
    const seen = [...this.seen].map(([id, { room, times }]) => ({ id, room, times }));
    return { user, acked, added, failed, waiting: this.waiting, refusals, disconnects, returns, shown, seen };
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#gap);
    this.manager._close();
    this.socket.removeAllListeners();
  }

  async #return() {
    await this.catchUp();
    if (!this.socket.connected) return;
    this.returns += 1;
    this.outbox.resume();
  }

  async #untilLevel() {
    let behind = true;
    while (behind) {
      behind = false;
      const held = this.versions();
      const { user, rooms, changes } = await this.request("sync", { rooms: held });
      this.user = user;
      for (const id of this.timelines.keys()) if (!rooms.some((room) => room.id === id)) this.timelines.delete(id);
      for (const [id, change] of Object.entries(changes)) {
        const timeline = this.timelines.get(Number(id));
        if (!timeline) continue;
        change.messages.forEach((message) => this.#note(message));
        timeline.catchUp(change);
        const room = rooms.find((candidate) => candidate.id === Number(id));
        behind ||= change.version < room?.version && change.version > held[id];
      }
    }
  }

  async #send({ room, client_id, body }) {
    const asked = performance.now();
    try {
      const { message } = await this.request("post_message", { room, client_id, body });
      const { id, seq, version } = message;
      this.acked.push({ client_id, room: message.room, body, id, seq, version, at: Date.now(), took: performance.now() - asked });
      this.take(message.version, message);
      return message;
    } catch (refusal) {
      this.refusals.push({ code: refusal.code, at: Date.now(), took: performance.now() - asked });
      throw refusal;
    }
  }

  #told({ version, message }) {
    const seen = this.#note(message);
    seen.times[version] = (seen.times[version] ?? 0) + 1;
    this.take(version, message);
  }

  /** Takes in a change, whoever told of it. */
  take(version, message) {
    this.#note(message);
    const timeline = this.timelines.get(message.room);
    if (!timeline) return;
    timeline.apply(version, message);
    if (!timeline.hasGap) return;
    this.#gap ??= setTimeout(() => {
      this.#gap = null;
      if ([...this.timelines.values()].some(({ hasGap }) => hasGap)) this.catchUp();
    }, GAP_PATIENCE);
  }

  #note({ id, room }) {
    if (!this.seen.has(id)) this.seen.set(id, { room, times: {} });
    return this.seen.get(id);
  }

  #dropped(reason) {
    if (reason !== "io client disconnect") this.disconnects.push(reason);
    if (reason === "io server disconnect") this.#later(500);
  }

  #later(pause) {
    setTimeout(() => this.#closed || this.socket.connect(), pause);
  }
}

const clients = new Map();
const realNow = Date.now;

const some = (names) => (names ? names.map((name) => clients.get(name)) : [...clients.values()]);

/** How many milliseconds it took until this was so of each of them. */
async function until(names, timeout, holds, tell) {
  const began = performance.now();
  for (;;) {
    const late = some(names).filter((client) => !holds(client));
    const passed = performance.now() - began;
    if (!late.length) return passed;
    if (passed > timeout * 1_000) throw new Error(`${late.length} not so within ${timeout} s: ${JSON.stringify(late.slice(0, 3).map(tell))}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

const verbs = {
  /** Connects people, each `{name, url, cookies}`; who each is, once all have caught up. */
  async open({ people, timeout }) {
    for (const person of people) clients.set(person.name, new Client(person));
    const names = people.map(({ name }) => name);
    await until(names, timeout, ({ returns, behind }) => returns > 0 && !behind, ({ name }) => name);
    return Object.fromEntries(some(names).map(({ name, user }) => [name, user]));
  },

  /** The data of a command; an error is `{code, message}` in `refused`. */
  async command({ name, event, payload }) {
    try {
      const data = await clients.get(name).request(event, payload);
      if (data.message) clients.get(name).take(data.message.version, data.message);
      return { data };
    } catch ({ code, message }) {
      return { refused: { code, message } };
    }
  },

  /** Each holds these rooms from now on. */
  watch: ({ names, rooms }) => Promise.all(some(names).flatMap((client) => rooms.map((room) => client.watch(room)))),

  /** Puts messages into a person's outbox: their client ids. */
  post: ({ name, room, bodies, client_ids = [] }) => bodies.map((body, at) => clients.get(name).add(room, body, client_ids[at])),

  /** Everybody puts `count` messages of their own into their outbox. */
  burst({ names, room, count, word }) {
    for (const client of some(names)) for (let at = 0; at < count; at += 1) client.add(room, `${word} ${client.name} ${at}`);
  },

  /** Every outbox is empty, but for what was given up. */
  settled: ({ names, timeout }) => until(names, timeout, (client) => !client.waiting, ({ name, waiting, refusals }) => [name, waiting, refusals.slice(-2)]),

  /** How many messages have been acked so far, once it is so many. */
  async acked({ names, count, timeout }) {
    const total = () => some(names).reduce((sum, client) => sum + client.acked.length, 0);
    await until([some(names)[0].name], timeout, () => total() >= count, total);
    return total();
  },

  /** Everybody is connected and has caught up, `returns` times at least. */
  connected: ({ names, timeout, returns = 0 }) =>
    until(names, timeout, (client) => client.socket.connected && client.returns >= returns && !client.behind, ({ name, disconnects, returns }) => [name, disconnects, returns]),

  /** Everybody has lost their connection `times` in all. */
  dropped: ({ names, timeout, times = 1 }) => until(names, timeout, ({ disconnects }) => disconnects.length >= times, ({ name, disconnects }) => [name, disconnects]),

  /** Everybody who holds a room holds it up to this version. */
  level: ({ names, versions, timeout }) =>
    until(
      names,
      timeout,
      (client) => Object.entries(versions).every(([room, version]) => (client.timelines.get(Number(room))?.version ?? version) >= version),
      (client) => [client.name, client.versions(), client.disconnects],
    ),

  /** Takes people off the network: they do not come back by themselves. */
  offline: ({ names }) => some(names).forEach(({ socket }) => socket.disconnect()),

  online: ({ names }) => some(names).forEach(({ socket }) => socket.connect()),

  /** Everybody asks what has changed, as a page does now and then. */
  sync: ({ names }) => Promise.all(some(names).map((client) => client.catchUp())),

  /** From now on the clock of all of them is wrong by so many seconds. */
  clock({ offset }) {
    Date.now = () => realNow() + offset * 1_000;
  },

  journals: ({ names }) => Object.fromEntries(some(names).map((client) => [client.name, client.journal()])),

  /** Forgets people: all, or these. */
  close({ names }) {
    for (const client of some(names)) {
      client.close();
      clients.delete(client.name);
    }
  },
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, verb, ...asked } = JSON.parse(line);
  Promise.resolve()
    .then(() => verbs[verb](asked))
    .then(
      (value) => say({ id, value: value ?? null }),
      (error) => say({ id, error: `${verb}: ${error.message}` }),
    );
}
for (const client of clients.values()) client.close();
