import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange } from "../../../rooms/static/rooms/models/arrangement.js";
import { Drafts } from "../../../rooms/static/rooms/models/drafts.js";
import { lengthOf } from "../../../rooms/static/rooms/models/length.js";
import { offerIn } from "../../../rooms/static/rooms/models/permission.js";
import { Presence } from "../../../rooms/static/rooms/models/presence.js";
import { ReadMarks } from "../../../rooms/static/rooms/models/read_marks.js";
import { RoomList } from "../../../rooms/static/rooms/models/room_list.js";
import { OwnTyping, Typing } from "../../../rooms/static/rooms/models/typing.js";
import { Clock, message } from "./support.mjs";

const ME = { id: 1, name: "Ann", avatar: { colour: 0, url: null } };
const BOB = { id: 2, name: "Bob" };
const byMe = (held) => held.author.id === ME.id;
const room = (id, fields = {}) => ({ id, slug: `r${id}`, name: `Room ${id}`, kind: "public", archived: false, last_seq: 0, version: 0, ...fields });

// Rooms

test("unread is what was posted since it was last read; one's own message is read", () => {
  const list = new RoomList();
  list.merge(room(1, { role: "member", last_read: 3, last_seq: 5, version: 9 }));
  assert.equal(list.unread(1), 2);
  list.posted(1, 10, message(6, { author: BOB }), false);
  assert.equal(list.unread(1), 3);
  list.posted(1, 11, message(7), true);
  assert.equal(list.unread(1), 0);
});

test("rooms that one does not belong to, and archived ones, hold nothing unread", () => {
  const list = new RoomList();
  list.merge(room(1, { role: null, last_read: 0, last_seq: 5 }));
  list.merge(room(2, { role: "member", last_read: 0, last_seq: 5, archived: true }));
  assert.equal(list.totalUnread, 0);
});

test("what everybody is told of a room leaves what is personal", () => {
  const list = new RoomList();
  list.merge(room(1, { role: "owner", last_read: 4, last_seq: 6 }));
  list.merge(room(1, { name: "Renamed", last_seq: 6 }));
  assert.equal(list.get(1).name, "Renamed");
  assert.equal(list.get(1).role, "owner");
  assert.equal(list.unread(1), 2);
});

test("whether one may post is asked anew when what everybody is told of it changes", () => {
  const list = new RoomList();
  list.merge(room(1, { role: "member", archived: true, may_post: false }));
  list.merge(room(1, { name: "Renamed", archived: true }));
  assert.equal(list.get(1).may_post, false);
  list.merge(room(1, { archived: false }));
  assert.equal(list.get(1).may_post, undefined);
  assert.equal(offerIn(list.get(1), { id: 1, named: true }), "write");
});

test("an answer that is older than an event does not turn counters back", () => {
  const list = new RoomList();
  list.merge(room(1, { role: "member", last_read: 2, last_seq: 4, version: 8 }));
  list.read(1, 4);
  list.merge(room(1, { role: "member", last_read: 2, last_seq: 3, version: 7 }));
  assert.deepEqual([list.get(1).last_read, list.get(1).last_seq, list.get(1).version], [4, 4, 8]);
});

test("rooms that are no longer told are gone, but for the one that is kept", () => {
  const list = new RoomList();
  [1, 2, 3].forEach((id) => list.merge(room(id)));
  assert.deepEqual(list.replace([room(1)], new Set([3])), [2]);
  assert.deepEqual(list.all().map(({ id }) => id).sort(), [1, 3]);
});

test("rooms stand by name, those of everyone first, archived ones last", () => {
  const list = new RoomList();
  list.merge(room(1, { name: "zebra" }));
  list.merge(room(2, { name: "Apple", archived: true }));
  list.merge(room(3, { name: "Lobby", everyone: true }));
  list.merge(room(4, { name: "bees" }));
  assert.deepEqual(list.sorted().map(({ id }) => id), [3, 4, 1, 2]);
});

// How messages stand

test("one author's messages within five minutes share a head", () => {
  const messages = [message(1), message(2), message(5), message(6), message(7, { author: BOB }), message(8)];
  const [{ items }] = arrange(messages, [], { me: ME });
  assert.deepEqual(items.map((item) => item.follows), [false, true, true, false, false, false]);
});

test("guests of different names share no head, though none has an id", () => {
  const guest = (name) => ({ id: null, name });
  const messages = [message(1, { author: guest("Gus") }), message(2, { author: guest("Gil") }), message(3, { author: guest("Gil") })];
  const [{ items }] = arrange(messages, [], { me: ME });
  assert.deepEqual(items.map((item) => item.follows), [false, false, true]);
});

test("each day stands by itself and begins with a head", () => {
  const late = new Date(2026, 2, 2, 23, 59).toISOString();
  const early = new Date(2026, 2, 3, 0, 1).toISOString();
  const days = arrange([message(1, { created_at: late }), message(2, { created_at: early })], [], { me: ME });
  assert.deepEqual(days.map(({ day }) => day), ["2026-03-02", "2026-03-03"]);
  assert.equal(days[1].items[0].follows, false);
});

test("the line stands once, above the first message after what was read, and never above one's own", () => {
  const messages = [message(1, { author: BOB }), message(2), message(3, { author: BOB }), message(4, { author: BOB })];
  const [{ items }] = arrange(messages, [], { me: ME, newAfter: 1, mine: byMe });
  assert.deepEqual(items.map(({ key }) => key), ["m1001", "cclient-2", "new", "m1003", "m1004"]);
  assert.equal(items[3].follows, false);
});

test("an own message keeps its key from pending to confirmed, and stands once", () => {
  const entry = { client_id: "x", room: 7, body: "hi", created_at: message(2).created_at, state: "sending", error: null };
  const pending = arrange([message(1)], [entry], { me: ME, mine: byMe })[0].items;
  const both = arrange([message(1), message(2, { client_id: "x" })], [entry], { me: ME, mine: byMe })[0].items;
  assert.equal(pending[1].key, both[1].key);
  assert.deepEqual([pending[1].state, both[1].state], ["sending", "sent"]);
  assert.equal(both.length, 2);
});

test("another's message with the same client_id is not taken for one's own", () => {
  const entry = { client_id: "x", room: 7, body: "hi", created_at: message(2).created_at, state: "queued", error: null };
  const [{ items }] = arrange([message(1, { author: BOB, client_id: "x" })], [entry], { me: ME, mine: byMe });
  assert.deepEqual(items.map(({ state }) => state), ["sent", "queued"]);
});

// Typing, presence, reading, drafts

test("a typing note ends by itself after five seconds, and at once when told so", () => {
  const typing = new Typing();
  typing.changed(7, BOB, true, 0);
  typing.changed(7, { id: 3, name: "Cy" }, true, 1_000);
  assert.deepEqual(typing.names(7, 4_999), ["Bob", "Cy"]);
  assert.deepEqual(typing.names(7, 5_000), ["Cy"]);
  typing.changed(7, { id: 3, name: "Cy" }, false, 5_100);
  assert.deepEqual(typing.names(7, 5_100), []);
  assert.deepEqual(typing.names(8, 0), []);
});

test("one's own typing is told every three seconds, and its end only while the others believe it", () => {
  const typing = new OwnTyping();
  assert.deepEqual([0, 100, 2_999, 3_000, 3_100].map((now) => typing.pressed(7, now)), [true, false, false, true, false]);
  assert.equal(typing.pressed(8, 3_200), true);
  assert.equal(typing.stopped(3_300), 8);
  assert.equal(typing.stopped(3_400), null);
  typing.pressed(7, 10_000);
  assert.equal(typing.stopped(15_000), null);
});

test("presence is what was told last, and a finer state stays when a room is opened", () => {
  const presence = new Presence();
  presence.seen([{ id: 1 }, { id: 2 }, { id: 3 }], [1, 2]);
  presence.changed(2, "away");
  presence.seen([{ id: 1 }, { id: 2 }, { id: 3 }], [2, 3]);
  assert.deepEqual([1, 2, 3].map((id) => presence.state(id)), ["offline", "away", "online"]);
  presence.changed(null, "online");
  assert.equal(presence.isOnline(null), false);
});

test("how far a room was read is told once for many steps, and again when it could not be told", async () => {
  const clock = new Clock();
  const told = [];
  let online = false;
  const marks = new ReadMarks({
    timer: clock.timer,
    send: async (id, seq) => {
      if (!online) throw { code: "offline" };
      told.push([id, seq]);
    },
  });
  [1, 2, 3].forEach((seq) => marks.mark(7, seq));
  await clock.run(1_000);
  assert.deepEqual(told, []);
  online = true;
  await marks.flush();
  await marks.flush();
  assert.deepEqual(told, [[7, 3]]);
});

test("drafts are kept per person and room, blank ones are none, and a full storage costs only the draft", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text), removeItem: (key) => kept.delete(key) };
  const drafts = new Drafts(storage, 1);
  assert.equal(drafts.set(7, "hello"), true);
  assert.equal(drafts.set(7, "hello you"), false);
  assert.equal(drafts.get(7), "hello you");
  assert.equal(new Drafts(storage, 2).has(7), false);
  assert.equal(drafts.set(7, "  \n"), true);
  assert.equal(drafts.has(7), false);
  const full = new Drafts({ ...storage, setItem: () => { throw new Error("full"); } }, 1);
  assert.equal(full.set(7, "x"), false);
});

// What one may do

test("the composer's place offers what the room and the person allow", () => {
  const person = { id: 1, named: true };
  const guest = { id: null, named: false };
  const open = room(1, { guests_may_read: true, guests_may_post: true, may_post: false });
  assert.equal(offerIn(room(1, { role: "member", may_post: true }), person), "write");
  assert.equal(offerIn(room(1, { role: null, may_post: false }), person), "join");
  assert.equal(offerIn(room(1, { role: null, kind: "private" }), person), "none");
  assert.equal(offerIn(room(1, { role: "member", read_only: true, may_post: false }), person), "read_only");
  assert.equal(offerIn(room(1, { role: "owner", read_only: true }), person), "read_only");
  assert.equal(offerIn(room(1, { role: "member", archived: true }), person), "archived");
  assert.equal(offerIn(open, guest), "name");
  assert.equal(offerIn(open, { ...guest, named: true }), "write");
  assert.equal(offerIn({ ...open, guests_may_post: false }, guest), "login");
  assert.equal(offerIn({ ...open, read_only: true }, guest), "read_only");
});

// Length

test("a text is measured in code points, and the rest is told when it runs short", () => {
  assert.deepEqual(lengthOf("🫘🫘🫘", 10), { left: 7, tooLong: false, near: false });
  assert.deepEqual(lengthOf("123456789", 10), { left: 1, tooLong: false, near: true });
  assert.deepEqual(lengthOf("12345678901", 10), { left: -1, tooLong: true, near: true });
});

test("no limit refuses nothing and counts nothing", () => {
  const { tooLong, near } = lengthOf("x".repeat(100_000), 0);
  assert.deepEqual([tooLong, near], [false, false]);
});
