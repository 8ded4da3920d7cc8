import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LIMIT, ask, command, connection, done, entered, first, fresh, heard, person, post, tab, told, until,
} from "./harness.mjs";

/** What a namespace's `connect_error` says: `{message, code}`. */
async function refusal(manager, name) {
  const socket = manager.socket(name);
  const events = [];
  socket.onAny((event) => events.push(event));
  const [error] = await first(socket, "connect_error", "connect");
  assert.ok(error instanceof Error, `${name} let the socket in`);
  return { message: error.message, code: error.data?.code, socket, events };
}

test("the cookie of the page signs the socket in", LIMIT, async (t) => {
  const { name, user } = await person(t, "ann");
  assert.equal(user.name, name);
  assert.equal(typeof user.id, "number");
  assert.equal(user.guest, false);
  assert.equal(user.staff, false);
});

test("a forged cookie is no more than none", LIMIT, async (t) => {
  const { user } = await tab(t, { sessionid: "x".repeat(32) });
  assert.equal(user.id, null);
  assert.equal(user.guest, true);
});

test("without a cookie one enters as a guest, and sees the rooms that let guests read", LIMIT, async (t) => {
  const { user, rooms } = await tab(t);
  assert.equal(user.id, null);
  assert.equal(user.guest, true);
  assert.ok(rooms.some((room) => room.slug === "lobby"));
  assert.ok(rooms.every((room) => room.guests_may_read));
});

test("both namespaces share one connection", LIMIT, async (t) => {
  await until(async () => (await ask("connections")) === 0);
  const manager = connection(t, await ask("owner"));
  const chat = await entered(manager, "/");
  const staff = await entered(manager, "/admin");
  assert.notEqual(chat.id, staff.id);
  assert.equal(chat.io.engine.id, staff.io.engine.id);
  assert.equal(await ask("connections"), 1);
  assert.equal((await done(staff, "overview", {})).people, 1);
});

test("the server's own list counts one connection for both namespaces", LIMIT, async (t) => {
  const manager = connection(t, await ask("owner"));
  const chat = await entered(manager, "/");
  const staff = await entered(manager, "/admin");
  const { user } = await done(chat, "sync", { rooms: {} });
  const { sockets } = await done(staff, "list_sockets", { user: user.id });
  assert.equal(sockets.length, 1);
  assert.deepEqual(sockets[0].user, { id: user.id, name: user.name });
  assert.equal(sockets[0].transport, "websocket");
});

test("anonymous people are refused by the staff's namespace with unauthenticated", LIMIT, async (t) => {
  const { message, code } = await refusal(connection(t), "/admin");
  assert.equal(code, "unauthenticated");
  assert.notEqual(message, "");
});

test("ordinary people are refused by the staff's namespace with forbidden", LIMIT, async (t) => {
  const cookies = await ask("sign_up", fresh("bob"));
  const { message, code } = await refusal(connection(t, cookies), "/admin");
  assert.equal(code, "forbidden");
  assert.notEqual(message, "");
});

test("who was refused hears nothing of that namespace and stays in the other", LIMIT, async (t) => {
  const manager = connection(t, await ask("sign_up", fresh("cat")));
  const chat = await entered(manager, "/");
  const { socket, events } = await refusal(manager, "/admin");
  assert.equal(socket.connected, false);
  const staff = await entered(connection(t, await ask("owner")), "/admin");
  await told(staff, "stats");
  assert.equal((await command(chat, "sync", { rooms: {} })).ok, true);
  assert.deepEqual(events, []);
});

test("a namespace that does not exist is refused by name", LIMIT, async (t) => {
  const { message } = await refusal(connection(t), "/nowhere");
  assert.equal(message, "Invalid namespace");
});

test("another site's page is refused", LIMIT, async (t) => {
  const manager = connection(t, undefined, {
    extraHeaders: { Origin: "https://evil.example" },
    reconnection: false,
  });
  const socket = manager.socket("/");
  const [error] = await first(socket, "connect_error", "connect");
  assert.ok(error instanceof Error);
});

test("long-polling is refused", LIMIT, async (t) => {
  const manager = connection(t, undefined, { transports: ["polling"], reconnection: false });
  const [error] = await first(manager.socket("/"), "connect_error", "connect");
  assert.ok(error instanceof Error);
});

test("a socket that leaves with its tab is gone from the staff's list", LIMIT, async (t) => {
  const staff = await entered(connection(t, await ask("owner")), "/admin");
  const { socket, user } = await person(t, "dan");
  const listed = async () => (await done(staff, "list_sockets", { user: user.id })).sockets.length;
  assert.equal(await listed(), 1);
  socket.io._close();
  await until(async () => (await listed()) === 0);
  assert.ok(heard(staff).some(({ event, data }) => event === "activity" && data.user?.id === user.id));
});

test("the log tells person, namespace and event, and holds no text", LIMIT, async (t) => {
  const { name, socket, user } = await person(t, "eve");
  await post(socket, "lobby", "a body that no log may hold");
  const log = await ask("log");
  assert.match(log, new RegExp(`connected ns=/ .*user=${user.id} `));
  assert.match(log, new RegExp(`ns=/ .*user=${user.id} .*event=post_message ack=ok ms=`));
  assert.ok(!log.includes(name));
  assert.ok(!log.includes("a body that no log may hold"));
});
