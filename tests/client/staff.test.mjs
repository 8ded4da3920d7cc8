import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LIMIT, ask, command, connection, done, entered, first, fresh, heard, person, quiet, tab, told,
} from "./harness.mjs";

const console_ = async (t) => entered(connection(t, await ask("owner")), "/admin");

test("staff are told the server's figures, again and again", LIMIT, async (t) => {
  const staff = await console_(t);
  const { data } = await told(staff, "stats");
  for (const field of ["people", "sockets", "messages_per_second", "events_per_second", "errors"]) {
    assert.equal(typeof data[field], "number", field);
  }
  await told(staff, "stats", ({ at }) => at !== data.at);
  const overview = await done(staff, "overview", {});
  const { history, ...now } = overview;
  assert.deepEqual(Object.keys(now).sort(), Object.keys(data).sort());
  assert.ok(history.some(({ at }) => at === data.at), "what was told is kept");
});

test("staff see who comes, speaks and goes as it happens", LIMIT, async (t) => {
  const staff = await console_(t);
  const ann = await person(t, "ann");
  const by = (kind) => told(staff, "activity", (said) => said.kind === kind && said.user?.id === ann.user.id);
  await by("connected");
  await quiet(ann.socket);
  const { data } = await by("message_posted");
  assert.ok(!JSON.stringify(data).includes("marker"), "activity tells that somebody spoke, not what was said");
  ann.socket.disconnect();
  await by("disconnected");
});

test("staff list rooms, private ones too only with the right to", LIMIT, async (t) => {
  const staff = await console_(t);
  const { rooms } = await done(staff, "list_rooms", { query: "lobby" });
  assert.ok(rooms.some((room) => room.slug === "lobby"));
  for (const room of rooms) {
    assert.equal(typeof room.messages, "number");
    assert.equal(typeof room.online, "number");
  }
});

test("an announcement reaches everybody in the chat, guests too", LIMIT, async (t) => {
  const staff = await console_(t);
  const people = [await person(t, "ann"), await tab(t)];
  const text = fresh("We restart at noon");
  await done(staff, "announce", { text });
  for (const { socket } of people) {
    const { data } = await told(socket, "notice", (said) => said.text === text);
    assert.equal(data.level, "info");
  }
  assert.ok(!heard(staff).some(({ event }) => event === "notice"));
});

test("an announcement to a room reaches that room", LIMIT, async (t) => {
  const staff = await console_(t);
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const { room } = await done(ann.socket, "create_room", { name: fresh("Plaza"), kind: "public" });
  const text = fresh("To this room");
  await done(staff, "announce", { text, room: room.id });
  await told(ann.socket, "notice", (said) => said.text === text);
  await quiet(ann.socket, bob.socket);
  assert.ok(!heard(bob.socket).some(({ event }) => event === "notice"));
});

test("disconnecting a person drops every tab of that person and nobody else's", LIMIT, async (t) => {
  const staff = await console_(t);
  const ann = await person(t, "ann");
  const [other, bob] = [await tab(t, ann.cookies), await person(t, "bob")];
  const gone = [ann, other].map(({ socket }) => first(socket, "disconnect"));
  await done(staff, "disconnect_user", { user: ann.user.id, sign_out: true });
  await Promise.all(gone);
  assert.equal(bob.socket.connected, true);
  const again = await tab(t, ann.cookies);
  assert.equal(again.user.guest, true, "the session was ended");
});

test("a staff command with a wrong payload is refused by field", LIMIT, async (t) => {
  const staff = await console_(t);
  assert.equal((await command(staff, "announce", { text: 5 })).error?.code, "invalid");
  assert.equal((await command(staff, "disconnect_user", { user: "ann" })).error?.code, "invalid");
  assert.equal((await command(staff, "disconnect_user", { user: 987_654_321 })).error?.code, "not_found");
  assert.equal((await command(staff, "post_message", { room: "lobby" })).error?.code, "unknown_event");
});
