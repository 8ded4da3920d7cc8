/** What the scripts share: people with cookies, sockets that are closed after the test, bounded waits. */

import { randomUUID } from "node:crypto";

import { Manager } from "socket.io-client";

export const url = process.env.CHAT_URL;
const CONTROL = process.env.CONTROL_URL;
export const WAIT = 5_000; // milliseconds for one answer or event
export const LIMIT = { timeout: 30_000 }; // milliseconds for one test

/** Asks the control server beside the chat server: sign_up, guest, owner, kill, stop, start, log, connections. */
export async function ask(verb, ...args) {
  const answer = await fetch(`${CONTROL}/${verb}`, { method: "POST", body: JSON.stringify(args) });
  const { value, error } = await answer.json();
  if (error) throw new Error(`${verb}: ${error}`);
  return value;
}

/** A name that no other test uses. */
export const fresh = (name) => `${name}-${randomUUID().slice(0, 8)}`;

const header = (cookies) =>
  Object.entries(cookies ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");

/** One connection, as a browser with these cookies makes it; closed when the test ends. */
export function connection(t, cookies, { to = url, ...options } = {}) {
  const manager = new Manager(to, {
    transports: ["websocket"],
    extraHeaders: { Origin: to, Cookie: header(cookies) },
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
    ...options,
  });
  t.after(() => manager._close());
  return manager;
}

/** A socket of namespace `name` that has been let in. */
export async function entered(manager, name = "/", options = {}) {
  const socket = manager.socket(name, options);
  record(socket);
  await first(socket, "connect", "connect_error");
  if (!socket.connected) throw new Error(`refused by ${name}`);
  return socket;
}

/** A new person's socket in `/`: `{name, cookies, socket}`; in the state that a page has after its first `sync`. */
export async function person(t, name, options) {
  const account = fresh(name);
  const cookies = await ask("sign_up", account);
  return { name: account, cookies, ...(await tab(t, cookies, options)) };
}

/** One more tab of a person: a connection of its own. */
export async function tab(t, cookies, options) {
  const socket = await entered(connection(t, cookies), "/", options);
  const { user, rooms } = (await command(socket, "sync", { rooms: {} })).data;
  return { socket, user, rooms };
}

/** The ack of a command. */
export const command = (socket, event, payload) => socket.timeout(WAIT).emitWithAck(event, payload);

/** The data of a command that has to succeed. */
export async function done(socket, event, payload) {
  const ack = await command(socket, event, payload);
  if (!ack.ok) throw new Error(`${event}: ${JSON.stringify(ack.error)}`);
  return ack.data;
}

/** Posts a text; the message. */
export const post = async (socket, room, body, client_id = randomUUID()) =>
  (await done(socket, "post_message", { room, client_id, body })).message;

/** The arguments of the first of these events, which has to come in time. */
export function first(emitter, ...events) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => settle(reject, new Error(`no ${events} within ${WAIT} ms`)), WAIT);
    const listeners = events.map((event) => [event, (...args) => settle(resolve, args)]);
    const settle = (how, what) => {
      clearTimeout(late);
      for (const [event, listener] of listeners) emitter.off(event, listener);
      how(what);
    };
    for (const [event, listener] of listeners) emitter.on(event, listener);
  });
}

const records = new WeakMap();

function record(socket) {
  const heard = [];
  const waiting = new Set();
  records.set(socket, { heard, waiting });
  socket.onAny((event, data) => {
    heard.push({ event, data });
    for (const look of waiting) look();
  });
}

/** Everything a socket was told so far: `[{event, data}]`. */
export const heard = (socket) => records.get(socket).heard;

/** The first event, told already or to come within `wait` milliseconds, that `matches`: `{event, data}`. */
export function told(socket, event, matches = () => true, wait = WAIT) {
  const { heard, waiting } = records.get(socket);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      waiting.delete(look);
      reject(new Error(`no such ${event} within ${wait} ms; heard ${JSON.stringify(heard)}`));
    }, wait);
    const look = () => {
      const found = heard.find((said) => said.event === event && matches(said.data));
      if (!found) return;
      clearTimeout(late);
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });
}

/** The texts of the messages a socket was told of. */
export const texts = (socket) =>
  heard(socket)
    .filter(({ event }) => event === "message_posted")
    .map(({ data }) => data.message.body);

/** Waits until these sockets, all in Lobby, were told of a later message: what they have not heard by then, they were not sent. */
export async function quiet(speaker, ...sockets) {
  const marker = fresh("marker");
  await post(speaker, "lobby", marker);
  await Promise.all(sockets.map((socket) => told(socket, "message_posted", ({ message }) => message.body === marker)));
}

/** Waits until `holds()` is true. */
export async function until(holds) {
  const deadline = Date.now() + WAIT;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so within ${WAIT} ms: ${holds}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
