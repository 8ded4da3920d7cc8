import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../../rooms/static/rooms/models/timeline.js";
import { Room, chance, message, shuffled } from "./support.mjs";

const seqs = (timeline) => timeline.messages.map((held) => held.seq);

function timelineOf(count, version = count) {
  const timeline = new Timeline(7);
  timeline.reset(Array.from({ length: count }, (_, at) => message(at + 1)), version);
  return timeline;
}

test("a page is held in the order of seq, and its start is known by seq 1", () => {
  const timeline = new Timeline(7);
  timeline.reset([message(3), message(1), message(2)].sort((a, b) => a.seq - b.seq), 3);
  assert.deepEqual(seqs(timeline), [1, 2, 3]);
  assert.equal(timeline.atStart, true);
  timeline.reset([message(51), message(52)], 52);
  assert.equal(timeline.atStart, false);
});

test("the next change raises the version, a repeated one does nothing", () => {
  const timeline = timelineOf(3);
  assert.equal(timeline.apply(4, message(4)), true);
  assert.equal(timeline.version, 4);
  assert.equal(timeline.apply(4, message(4)), false);
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
  assert.equal(timeline.hasGap, false);
});

test("an older state of a message never replaces a newer one", () => {
  const timeline = timelineOf(3);
  timeline.apply(5, message(2, { version: 5, body: "new" }));
  timeline.apply(4, message(2, { version: 4, body: "old" }));
  assert.equal(timeline.messages[1].body, "new");
  assert.equal(timeline.version, 5);
});

test("a change ahead of a missing one is a gap until the missing one is there", () => {
  const timeline = timelineOf(3);
  timeline.apply(6, message(6));
  timeline.apply(5, message(5));
  assert.equal(timeline.hasGap, true);
  assert.equal(timeline.version, 3);
  timeline.apply(4, message(4));
  assert.equal(timeline.hasGap, false);
  assert.equal(timeline.version, 6);
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4, 5, 6]);
});

test("a change of a message before the stretch that is held counts, and tears no hole", () => {
  const timeline = new Timeline(7);
  timeline.reset([message(51), message(52)], 52);
  timeline.apply(53, message(2, { version: 53 }));
  assert.deepEqual(seqs(timeline), [51, 52]);
  assert.equal(timeline.version, 53);
});

test("an older page is put before, without what is held already", () => {
  const timeline = new Timeline(7);
  timeline.reset([message(51), message(52)], 52);
  timeline.prepend([message(49), message(50), message(51)], true);
  assert.deepEqual(seqs(timeline), [49, 50, 51, 52]);
  assert.equal(timeline.atStart, false);
  timeline.prepend([message(48)], false);
  assert.equal(timeline.atStart, true);
});

test("a reset replaces the page, but keeps what happened after it", () => {
  const timeline = timelineOf(3);
  timeline.apply(902, message(902));
  timeline.catchUp({ messages: [message(900), message(901)], version: 901, reset: true });
  assert.deepEqual(seqs(timeline), [900, 901, 902]);
  assert.equal(timeline.version, 902);
  assert.equal(timeline.hasGap, false);
});

test("a reset to a lower version forgets what a restored server no longer knows", () => {
  const timeline = timelineOf(9);
  timeline.catchUp({ messages: [message(1), message(2)], version: 2, reset: true });
  assert.deepEqual(seqs(timeline), [1, 2]);
  assert.equal(timeline.version, 2);
});

test("an overlapping page tells states, not completeness", () => {
  const timeline = timelineOf(3);
  timeline.overlap([message(3, { version: 9, body: "edited" }), message(4)]);
  assert.equal(timeline.version, 3);
  assert.equal(timeline.messages[2].body, "edited");
  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
});

test("trimming keeps the newest and remembers that there is more above", () => {
  const timeline = timelineOf(10);
  timeline.trim(4);
  assert.deepEqual(seqs(timeline), [7, 8, 9, 10]);
  assert.equal(timeline.atStart, false);
});

test("whatever is lost, doubled or out of order: after sync the page is what the server has", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = chance(seed);
    const room = new Room();
    for (let count = 0; count < 5; count += 1) room.post();
    const timeline = new Timeline(7);
    timeline.reset(room.messages, room.version);
    for (let round = 0; round < 6; round += 1) {
      const from = room.events.length;
      for (let count = 0; count < 8; count += 1) {
        if (random() < 0.6) room.post();
        else room.edit(1 + Math.floor(random() * room.messages.length));
      }
      const heard = room.events.slice(from).filter(() => random() < 0.7);
      for (const event of shuffled([...heard, ...heard.slice(0, 2)], random)) {
        timeline.apply(event.version, event.message);
        const order = seqs(timeline);
        assert.deepEqual(order, [...new Set(order)].sort((a, b) => a - b), `seed ${seed}: order`);
        assert.ok(timeline.version <= room.version, `seed ${seed}: version`);
      }
      // What arrives while the answer is under way must not be lost by it.
      const answer = { messages: room.since(timeline.version), version: room.version, reset: false };
      room.post();
      const late = room.events.at(-1);
      timeline.apply(late.version, late.message);
      timeline.catchUp(answer);
      assert.deepEqual(timeline.messages, room.messages, `seed ${seed}: messages`);
      assert.equal(timeline.version, room.version, `seed ${seed}: version after sync`);
      assert.equal(timeline.hasGap, false, `seed ${seed}: gap`);
    }
  }
});

test("a version is never claimed while a change below it is missing", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = chance(seed);
    const room = new Room();
    for (let count = 0; count < 20; count += 1) {
      if (count < 3 || random() < 0.6) room.post();
      else room.edit(1 + Math.floor(random() * room.messages.length));
    }
    const timeline = new Timeline(7);
    timeline.reset([], 0, false);
    const applied = new Set();
    for (const event of shuffled(room.events, random)) {
      timeline.apply(event.version, event.message);
      applied.add(event.version);
      for (let version = 1; version <= timeline.version; version += 1) assert.ok(applied.has(version), `seed ${seed}`);
    }
    assert.equal(timeline.version, room.version);
  }
});

test("a newest page that does not join what is held waits for sync, which brings what is between", () => {
  const timeline = new Timeline(7);
  timeline.reset([message(1), message(2)], 2);
  timeline.overlap([message(5), message(6)]);
  assert.deepEqual(timeline.messages.map(({ seq }) => seq), [1, 2]);
  timeline.overlap([message(3), message(4)]);
  assert.deepEqual(timeline.messages.map(({ seq }) => seq), [1, 2, 3, 4]);
});
