/** Rooms and namespaces of Socket.IO itself, on the playground: who is reached, who is not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LIMIT, command, connection, done, entered, fresh, heard, told } from "./harness.mjs";

const playground = process.env.PLAYGROUND_URL;
const open = (t, options) => connection(t, undefined, { to: playground, ...options });

/** Ann and Bob in hall, Bob and Cat in attic, Dan in neither; under names of this test alone. */
async function cast(t, name = "/") {
  const [hall, attic] = [fresh("hall"), fresh("attic")];
  const people = {};
  for (const [who, rooms] of [["ann", [hall]], ["bob", [hall, attic]], ["cat", [attic]], ["dan", []]]) {
    people[who] = await entered(open(t), name);
    await done(people[who], "join", { rooms });
  }
  return { hall, attic, ...people };
}

/** Who has heard a text, and how often, once everybody has heard a later one. */
async function hearers({ ann, bob, cat, dan }, text) {
  const people = { ann, bob, cat, dan };
  const marker = fresh("marker");
  await done(dan, "say", { text: marker });
  await Promise.all(Object.values(people).map((socket) => told(socket, "said", (said) => said.text === marker)));
  const times = (socket) => heard(socket).filter(({ event, data }) => event === "said" && data.text === text).length;
  return Object.fromEntries(Object.entries(people).map(([who, socket]) => [who, times(socket)]).filter(([, n]) => n));
}

/** What Ann says, and who hears it. */
async function says(people, target) {
  const text = fresh("text");
  await done(people.ann, "say", { text, ...target });
  return hearers(people, text);
}

test("what is said to a room reaches who is in it, and nobody else", LIMIT, async (t) => {
  const people = await cast(t);
  assert.deepEqual(await says(people, { to: [people.hall] }), { ann: 1, bob: 1 });
  assert.deepEqual(await says(people, { to: [people.attic] }), { bob: 1, cat: 1 });
  assert.deepEqual(await says(people, { to: [fresh("nowhere")] }), {});
});

test("who joins a room hears it from then on, and who leaves it no more", LIMIT, async (t) => {
  const people = await cast(t);
  const { hall, ann, dan } = people;
  assert.deepEqual(await done(dan, "join", { rooms: [hall] }), { rooms: [hall] });
  assert.deepEqual(await says(people, { to: [hall] }), { ann: 1, bob: 1, dan: 1 });
  assert.deepEqual(await done(ann, "leave", { rooms: [hall] }), { rooms: [] });
  assert.deepEqual(await says(people, { to: [hall] }), { bob: 1, dan: 1 });
});

test("what is said to several rooms reaches each socket once, however many of them it is in", LIMIT, async (t) => {
  const people = await cast(t);
  assert.deepEqual(await says(people, { to: [people.hall, people.attic] }), { ann: 1, bob: 1, cat: 1 });
});

test("what is said to all except a room does not reach who is in it", LIMIT, async (t) => {
  const people = await cast(t);
  assert.deepEqual(await says(people, { without: [people.attic] }), { ann: 1, dan: 1 });
  assert.deepEqual(await says(people, { to: [people.hall], without: [people.attic] }), { ann: 1 });
});

test("a socket that broadcasts is left out itself, to all and to a room", LIMIT, async (t) => {
  const people = await cast(t);
  assert.deepEqual(await says(people, { others: true }), { bob: 1, cat: 1, dan: 1 });
  assert.deepEqual(await says(people, { to: [people.hall], others: true }), { bob: 1 });
});

test("what is said to no room at all reaches nobody", LIMIT, async (t) => {
  assert.deepEqual(await says(await cast(t), { to: [] }), {});
});

test("a room of one name is another room in each namespace", LIMIT, async (t) => {
  const people = await cast(t);
  const manager = open(t);
  const [front, back] = [await entered(manager, "/"), await entered(manager, "/back", { auth: { word: "please" } })];
  await done(back, "join", { rooms: [people.hall] });
  assert.deepEqual(await says(people, { to: [people.hall] }), { ann: 1, bob: 1 });
  const text = fresh("text");
  await done(back, "say", { text, to: [people.hall] });
  await told(back, "said", (said) => said.text === text);
  assert.deepEqual(await hearers(people, text), {});
  assert.ok(!heard(front).some(({ data }) => data.text === text));
});

test("each namespace has middlewares of its own, and says by connect_error why it refuses", LIMIT, async (t) => {
  const manager = open(t);
  const front = await entered(manager, "/");
  const back = manager.socket("/back", { auth: { word: "now" } });
  const error = await new Promise((resolve) => back.once("connect_error", resolve));
  assert.deepEqual([error.message, error.data], ["Say the word.", { code: "forbidden" }]);
  back.auth = { word: "please" };
  back.connect();
  await new Promise((resolve) => back.once("connect", resolve));
  assert.equal((await command(front, "kind", {})).ok, true);
});

test("who disconnects leaves all rooms by itself, and they can be read meanwhile", LIMIT, async (t) => {
  const people = await cast(t);
  const { hall, attic, ann, bob } = people;
  const sid = bob.id;
  bob.io._close();
  const { data } = await told(ann, "gone", (gone) => gone.sid === sid);
  assert.deepEqual(data.rooms, [attic, hall].sort());
  const again = await entered(open(t), "/");
  assert.deepEqual(await says({ ...people, bob: again }, { to: [hall, attic] }), { ann: 1, cat: 1 });
});

test("a server is told when a room is created, joined, left and deleted, in this order", LIMIT, async (t) => {
  const word = { auth: { word: "please" } };
  const watch = await entered(open(t), "/watch");
  const [ann, bob] = [await entered(open(t), "/back", word), await entered(open(t), "/back", word)];
  const sids = { ann: ann.id, bob: bob.id };
  const [hall, attic] = [fresh("hall"), fresh("attic")];
  await done(ann, "join", { rooms: [hall, hall] });
  await done(bob, "join", { rooms: [attic, hall] });
  await done(ann, "leave", { rooms: [hall] });
  bob.io._close();
  await told(watch, "room", ({ what, room }) => what === "deleted" && room === hall);
  const names = { [sids.ann]: "ann", [sids.bob]: "bob", [hall]: "hall", [attic]: "attic" };
  const events = heard(watch).filter(({ data }) => data.room in names);
  assert.deepEqual(
    events.map(({ data }) => [data.what, names[data.room], ...(data.sid ? [names[data.sid]] : [])].join(" ")),
    [
      "created hall", "joined hall ann",
      "created attic", "joined attic bob", "joined hall bob",
      "left hall ann",
      "left attic bob", "deleted attic", "left hall bob", "deleted hall",
    ],
  );
});
