import assert from "node:assert/strict";
import { test } from "node:test";

import { io } from "socket.io-client";

import {
  LIMIT, WAIT, ask, command, connection, done, entered, first, fresh, heard, person, post, quiet, tab, texts, told, url,
} from "./harness.mjs";

const GRACE = 5_000; // milliseconds that somebody may be away and still count as there

const said = (body) => ({ message }) => message.body === body;

test("a newcomer's list of messages begins with what was said before and goes on with what is said live", LIMIT, async (t) => {
  const ann = await person(t, "ann");
  const { room } = await done(ann.socket, "create_room", { name: fresh("Plaza"), kind: "public" });
  const before = [await post(ann.socket, room.id, "one"), await post(ann.socket, room.id, "two")];
  const bob = await person(t, "bob");
  const list = (await done(bob.socket, "open_room", { room: room.id })).messages;
  assert.deepEqual(list, before);
  await post(ann.socket, room.id, "three");
  list.push((await told(bob.socket, "message_posted", said("three"))).data.message);
  assert.deepEqual(list.map(({ seq, body }) => [seq, body]), [[1, "one"], [2, "two"], [3, "three"]]);
});

test("who comes and who goes is told to those who share a room, once, and who is online is listed", LIMIT, async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const notices = (of, state) =>
    heard(ann.socket).filter(({ event, data }) => event === "presence_changed" && data.user.id === of && data.state === state);
  const online = async () => (await done(ann.socket, "open_room", { room: "lobby" })).online;
  const { data } = await told(ann.socket, "presence_changed", ({ user }) => user.id === bob.user.id);
  assert.deepEqual(data, { user: { id: bob.user.id, name: bob.user.name }, state: "online" });
  const other = await tab(t, bob.cookies);
  for (const { user } of [ann, bob]) assert.ok((await online()).includes(user.id));
  bob.socket.disconnect();
  await quiet(other.socket, ann.socket);
  assert.ok((await online()).includes(bob.user.id), "he has another tab");
  other.socket.disconnect();
  await told(ann.socket, "presence_changed", ({ user, state }) => user.id === bob.user.id && state === "offline", GRACE + WAIT);
  assert.ok(!(await online()).includes(bob.user.id));
  assert.deepEqual([notices(bob.user.id, "online").length, notices(bob.user.id, "offline").length], [1, 1]);
});

test("who joins a room and who leaves it is noticed by those who hear the room", LIMIT, async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const { room } = await done(ann.socket, "create_room", { name: fresh("Plaza"), kind: "public" });
  const counts = (members) => told(ann.socket, "room_changed", (now) => now.room.id === room.id && now.room.members === members);
  await done(bob.socket, "join_room", { room: room.id });
  await counts(2);
  assert.deepEqual(
    (await done(ann.socket, "open_room", { room: room.id })).people.map(({ name }) => name).sort(),
    [ann.name, bob.name].sort(),
  );
  await done(bob.socket, "leave_room", { room: room.id });
  await counts(1);
});

test("what is said carries the nickname of who said it: a member's own, or the one a guest picked", LIMIT, async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const nickname = fresh("gus");
  const guest = await tab(t, await ask("guest", nickname));
  for (const [socket, name] of [[ann.socket, ann.name], [guest.socket, nickname]]) {
    const { id } = await post(socket, "lobby", fresh("hello"));
    const { data } = await told(bob.socket, "message_posted", ({ message }) => message.id === id);
    assert.equal(data.message.author.name, name);
  }
});

test("a private message between two is heard in all tabs of both, and by nobody else", LIMIT, async (t) => {
  const [ann, bob, cat] = [await person(t, "ann"), await person(t, "bob"), await person(t, "cat")];
  const { room } = await done(ann.socket, "create_room", { name: fresh("Ann and Bob"), kind: "private", users: [bob.user.id] });
  const tabs = [await tab(t, ann.cookies), await tab(t, bob.cookies)];
  const [asked, answered] = [fresh("are you there?"), fresh("I am")];
  await post(ann.socket, room.id, asked);
  await told(bob.socket, "message_posted", said(asked));
  await post(bob.socket, room.id, answered);
  await told(ann.socket, "message_posted", said(answered));
  for (const { socket } of tabs) for (const body of [asked, answered]) await told(socket, "message_posted", said(body));
  await quiet(ann.socket, cat.socket);
  assert.ok(!texts(cat.socket).some((body) => [asked, answered].includes(body)));
  assert.equal((await command(cat.socket, "open_room", { room: room.id })).error?.code, "not_found");
});

test("each namespace has handlers of its own: what one does is unknown in the other", LIMIT, async (t) => {
  const manager = connection(t, await ask("owner"));
  const [chat, staff] = [await entered(manager, "/"), await entered(manager, "/admin")];
  assert.equal((await command(staff, "overview", {})).ok, true);
  assert.equal((await command(chat, "overview", {})).error?.code, "unknown_event");
  assert.equal((await command(chat, "sync", { rooms: {} })).ok, true);
  assert.equal((await command(staff, "sync", { rooms: {} })).error?.code, "unknown_event");
});

test("forceNew gives a namespace a connection of its own; without it both share one", LIMIT, async (t) => {
  const cookies = await ask("owner");
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`).join("; ");
  const open = async (name, options) => {
    const socket = io(url + name, { transports: ["websocket"], extraHeaders: { Origin: url, Cookie: cookie }, ...options });
    t.after(() => socket.io._close());
    await first(socket, "connect");
    return socket;
  };
  const chat = await open("/");
  const [shared, own] = [await open("/admin"), await open("/admin", { forceNew: true })];
  assert.equal(shared.io, chat.io);
  assert.notEqual(own.io.engine.id, chat.io.engine.id);
  own.io._close();
  assert.equal((await command(shared, "overview", {})).ok, true);
  assert.equal((await command(chat, "sync", { rooms: {} })).ok, true);
});
