/** The official client, over each way that it can take to a server with long-polling switched on. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Manager } from "socket.io-client";

const LIMIT = { timeout: 10_000 }; // milliseconds for one test
const ANSWER = 5_000; // milliseconds for one answer
const MANY = 200;

function connection(t, transports) {
  const manager = new Manager(process.env.CHAT_URL, { transports, reconnectionDelay: 10, reconnectionDelayMax: 50 });
  t.after(() => manager._close());
  return manager;
}

const first = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

async function entered(manager, name = "/", auth = {}) {
  const socket = manager.socket(name, { auth });
  assert.deepEqual(await first(socket, "auth"), auth);
  return socket;
}

const said = (socket, text) => socket.timeout(ANSWER).emitWithAck("say", { text });

const talks = (transports, ends) => async (t) => {
  const manager = connection(t, transports);
  const socket = await entered(manager, "/", { token: "123" });
  const other = await entered(manager, "/custom");
  const heard = [];
  socket.on("said", ({ text }) => heard.push(text));
  const texts = Array.from({ length: MANY }, (_, number) => `é😀 ${number}`);
  // Half of them while a client that can is on its way to a WebSocket.
  const early = texts.slice(0, MANY / 2).map((text) => said(socket, text));
  if (manager.engine.transport.name !== ends) await first(manager.engine, "upgrade");
  const late = texts.slice(MANY / 2).map((text) => said(socket, text));
  const acks = await Promise.all([...early, ...late]);
  assert.deepEqual(acks, texts.map((text) => ({ ok: true, data: { text } })));
  assert.deepEqual(heard, texts);
  assert.deepEqual(await said(other, "apart"), { ok: true, data: { text: "apart" } });
  assert.equal(manager.engine.transport.name, ends);
};

const isRefused = (transports) => async (t) => {
  const manager = connection(t, transports);
  const socket = await entered(manager);
  const nowhere = manager.socket("/nowhere");
  assert.equal((await first(nowhere, "connect_error")).message, "Invalid namespace");
  assert.equal((await socket.timeout(ANSWER).emitWithAck("unheard_of", {})).error.code, "unknown_event");
  assert.equal((await said(socket, "still here")).ok, true);
};

const returns = (transports) => async (t) => {
  const manager = connection(t, transports);
  const socket = await entered(manager);
  await first(manager, "ping");
  await first(manager, "ping");
  const [gone, back] = [first(socket, "disconnect"), first(manager, "reconnect")];
  socket.emit("leave", {});
  assert.equal(await gone, "transport close");
  await back;
  assert.equal((await said(socket, "back")).ok, true);
};

const [POLLING, BOTH, WEBSOCKET] = [["polling"], ["polling", "websocket"], ["websocket"]];

test("it talks by polling alone", LIMIT, talks(POLLING, "polling"));
test("it talks by polling, then by WebSocket", LIMIT, talks(BOTH, "websocket"));
test("it talks by WebSocket alone", LIMIT, talks(WEBSOCKET, "websocket"));

test("a namespace that is not there is refused by polling too, and the rest goes on", LIMIT, isRefused(POLLING));
test("so it is after the move to WebSocket", LIMIT, isRefused(BOTH));

test("it stays through pings, and returns when it was closed, by polling", LIMIT, returns(POLLING));
test("it does so by polling and WebSocket", LIMIT, returns(BOTH));
test("it does so by WebSocket", LIMIT, returns(WEBSOCKET));
