import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../../../rooms/static/rooms/models/outbox.js";
import { Clock, chance, settled } from "./support.mjs";

/** An outbox whose answers are decided by `answer(entry)`: undefined keeps it, an object refuses it. */
function outboxWith(answer) {
  const clock = new Clock();
  const sent = [];
  const send = async (entry) => {
    sent.push(entry.client_id);
    await settled();
    const refusal = answer(entry, sent);
    if (refusal) throw refusal;
  };
  const outbox = new Outbox({ send, changed: () => {}, timer: clock.timer, random: () => 0 });
  const add = (client_id, room = 7) => outbox.add({ client_id, room, body: client_id, created_at: "" });
  return { outbox, clock, sent, add };
}

test("messages of a room leave one after the other, in order", async () => {
  let under_way = 0;
  const { outbox, clock, sent, add } = outboxWith(() => {
    under_way -= 1;
  });
  outbox.send = ((send) => (entry) => {
    under_way += 1;
    assert.equal(under_way, 1);
    return send(entry);
  })(outbox.send);
  ["a", "b", "c"].forEach((id) => add(id));
  await clock.run(100);
  assert.deepEqual(sent, ["a", "b", "c"]);
  assert.equal(outbox.size, 0);
});

test("one room waits for no other", async () => {
  const { outbox, clock, sent, add } = outboxWith((entry) => entry.room === 1 && { code: "offline" });
  add("a", 1);
  add("b", 2);
  await clock.run(100);
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(outbox.of(1).length, 1);
  assert.equal(outbox.of(2).length, 0);
});

test("without a connection it waits for the next one, and then sends under the same client_id", async () => {
  let online = false;
  const { outbox, clock, sent, add } = outboxWith(() => !online && { code: "offline" });
  add("a");
  add("b");
  await clock.run(600_000);
  assert.deepEqual(sent, ["a"]);
  assert.deepEqual(outbox.of(7).map((entry) => entry.state), ["queued", "queued"]);
  online = true;
  outbox.resume();
  await clock.run(100);
  assert.deepEqual(sent, ["a", "a", "b"]);
  assert.equal(outbox.size, 0);
});

test("an unanswered message is sent again, longer and longer apart, and then fails visibly", async () => {
  const { outbox, clock, sent, add } = outboxWith(() => ({ code: "no_answer" }));
  add("a");
  await clock.run(500);
  assert.equal(sent.length, 1);
  await clock.run(1_000);
  assert.equal(sent.length, 2);
  await clock.run(300_000);
  assert.equal(sent.length, 8);
  assert.deepEqual(new Set(sent), new Set(["a"]));
  assert.equal(outbox.of(7)[0].state, "failed");
});

test("rate_limited and unavailable wait as long as the server says, however often", async () => {
  let refusals = 12;
  const { outbox, clock, sent, add } = outboxWith(() => refusals-- > 0 && { code: refusals % 2 ? "rate_limited" : "unavailable", retryAfter: 3 });
  add("a");
  await clock.run(2_900);
  assert.equal(sent.length, 1);
  await clock.run(200);
  assert.equal(sent.length, 2);
  await clock.run(60_000);
  assert.equal(sent.length, 13);
  assert.equal(outbox.size, 0);
});

test("a refused message fails at once, and those after it go on", async () => {
  const { outbox, clock, sent, add } = outboxWith((entry) => entry.client_id === "a" && { code: "invalid", message: "no" });
  add("a");
  add("b");
  await clock.run(100);
  assert.deepEqual(sent, ["a", "b"]);
  const [failed] = outbox.of(7);
  assert.equal(failed.state, "failed");
  assert.equal(failed.error.message, "no");
});

test("a failed message is sent again when asked, and gone when given up", async () => {
  let refuse = true;
  const { outbox, clock, sent, add } = outboxWith(() => refuse && { code: "forbidden" });
  add("a");
  add("b");
  await clock.run(100);
  refuse = false;
  outbox.retry("a");
  outbox.remove("b");
  await clock.run(100);
  assert.deepEqual(sent, ["a", "b", "a"]);
  assert.equal(outbox.size, 0);
});

test("a message seen in its room is not sent again, though its ack was lost", async () => {
  const { outbox, clock, sent, add } = outboxWith(() => ({ code: "no_answer" }));
  add("a");
  await clock.run(100);
  outbox.remove("a");
  await clock.run(60_000);
  assert.deepEqual(sent, ["a"]);
});

test("whatever the connection does, each message is kept once and the room's order is kept", async () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = chance(seed);
    const kept = [];
    const { outbox, clock, add } = outboxWith((entry) => {
      const luck = random();
      if (luck < 0.2) return { code: "offline" };
      // The server keeps a repeated client_id once, whether or not its ack arrives.
      if (!kept.includes(entry.client_id)) kept.push(entry.client_id);
      return luck < 0.4 ? { code: "no_answer" } : undefined;
    });
    const wanted = Array.from({ length: 12 }, (_, at) => `m${at}`);
    for (const client_id of wanted) {
      add(client_id);
      await clock.run(random() * 3_000);
      if (random() < 0.5) outbox.resume();
    }
    for (let round = 0; round < 200 && outbox.size; round += 1) {
      outbox.of(7).filter((entry) => entry.state === "failed").forEach((entry) => outbox.retry(entry.client_id));
      outbox.resume();
      await clock.run(20_000);
    }
    assert.equal(outbox.size, 0, `seed ${seed}`);
    assert.deepEqual(kept, wanted, `seed ${seed}`);
  }
});
