import assert from "node:assert/strict";
import { test } from "node:test";
import { CatchUp } from "../../../rooms/static/rooms/catch_up.js";
import { RoomList } from "../../../rooms/static/rooms/models/room_list.js";
import { Timeline } from "../../../rooms/static/rooms/models/timeline.js";
import { message } from "./support.mjs";

const AT_ONCE = 2; // messages in one answer
const ROUNDS = 20;

/** A server whose rooms have these numbers of messages, and a page that holds none of them. */
function pageOf(counts) {
  let rounds = 0;
  const room = ([id, count]) => ({ id: Number(id), role: "member", last_read: 0, last_seq: count, version: count });
  const chat = {
    rooms: new RoomList(),
    timelines: new Map(Object.keys(counts).map((id) => [Number(id), new Timeline(Number(id))])),
    place: { id: null },
    connection: { online: true, request: async (_, { rooms: held }) => answer(held) },
    isSamePerson: () => true,
    forget() {},
    forgetOld() {},
    sending: { settle() {} },
    tell() {},
  };

  function answer(held) {
    rounds += 1;
    assert.ok(rounds < ROUNDS, "it asks for ever");
    let left = AT_ONCE;
    const changes = {};
    for (const [id, version] of Object.entries(held)) {
      const messages = Array.from({ length: Math.min(left, counts[id] - version) }, (_, at) => message(version + at + 1));
      left -= messages.length;
      changes[id] = { messages, version: version + messages.length, reset: false };
    }
    return { user: {}, rooms: Object.entries(counts).map(room), changes };
  }

  return chat;
}

test("a room that did not fit into an answer is asked for again", async () => {
  for (const counts of [{ 1: 2, 2: 3 }, { 1: 2, 2: 0, 3: 1 }, { 1: 4, 2: 2, 3: 5 }]) {
    const chat = pageOf(counts);
    await new CatchUp(chat).run();
    for (const [id, count] of Object.entries(counts)) assert.equal(chat.timelines.get(Number(id)).messages.length, count);
  }
});

test("what a page is told of its rooms while it asks is newer than the answer", async () => {
  const chat = pageOf({ 1: 0, 2: 0 });
  const catchUp = new CatchUp(chat);
  const { request } = chat.connection;
  [1, 2].forEach((id) => chat.rooms.merge({ id, role: "member", last_seq: 0, version: 0 }));
  chat.connection.request = async (...question) => {
    const answer = await request(...question);
    catchUp.told(3, { id: 3, role: "member", last_seq: 0, version: 0 });
    chat.rooms.merge({ id: 3, role: "member", last_seq: 0, version: 0 });
    catchUp.told(1, { id: 1, name: "Renamed" });
    catchUp.told(2, null);
    chat.rooms.remove(2);
    return answer;
  };
  await catchUp.run();
  assert.deepEqual(chat.rooms.all().map((room) => room.id), [1, 3]);
  assert.equal(chat.rooms.get(1).name, "Renamed");
  chat.connection.request = request;
  await catchUp.run();
  assert.deepEqual(chat.rooms.all().map((room) => room.id).sort(), [1, 2]);
});

test("who is up to date asks once", async () => {
  let asked = 0;
  const chat = pageOf({ 1: 0, 2: 0 });
  const { request } = chat.connection;
  chat.connection.request = (...question) => {
    asked += 1;
    return request(...question);
  };
  await new CatchUp(chat).run();
  assert.equal(asked, 1);
});

test("who reads old messages when a room is reset keeps what is being read, and all that lies between", async () => {
  for (const readingBack of [1, null]) {
    const chat = pageOf({ 1: 700 });
    chat.readingBack = readingBack;
    const span = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => message(from + at));
    chat.timelines.get(1).reset(span(40, 90), 90);
    const asked = [];
    chat.connection.request = async (command, { before, limit }) => {
      asked.push(command);
      if (command === "read_history") return { messages: span(before - limit, before - 1), has_more: true };
      return { user: {}, rooms: [{ id: 1, version: 700 }], changes: { 1: { messages: span(651, 700), version: 700, reset: true } } };
    };
    await new CatchUp(chat).run();
    const { messages } = chat.timelines.get(1);
    assert.equal(messages.at(-1).seq, 700);
    assert.equal(messages.length, 701 - messages[0].seq);
    if (readingBack) assert.ok(messages[0].seq <= 40);
    else assert.deepEqual([messages.length, asked], [50, ["sync"]]);
  }
});
