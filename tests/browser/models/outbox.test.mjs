import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../../../rooms/static/rooms/models/outbox.js";
import { Clock, Store, Turns, chance, settled } from "./support.mjs";

/** An outbox whose answers are decided by `answer(entry)`: undefined keeps it, an object refuses it. */
function outboxWith(answer, { store = new Store(), clock = new Clock(), ...options } = {}) {
  const sent = [];
  const send = async (entry) => {
    sent.push(entry.client_id);
    await settled();
    const refusal = answer(entry, sent);
    if (refusal) throw refusal;
    return { id: entry.message ?? 100 };
  };
  const outbox = new Outbox({ store, send, changed: () => {}, timer: clock.timer, random: () => 0, now: () => clock.now, ...options });
  const add = (client_id, room = 7) => outbox.add({ client_id, room, body: client_id, created_at: "" });
  return { outbox, clock, sent, add, store };
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
  let online = true;
  const lost = () => {
    if (sent.length > 1) return undefined;
    online = false;
    return { code: "offline" };
  };
  const { outbox, clock, sent, add } = outboxWith(lost, { ready: () => online });
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

test("in slow mode all that wait leave by themselves, each in its own turn and none sooner", async () => {
  const PACE = 300; // seconds
  let turn = 0;
  const tries = [];
  const { outbox, clock, sent, add } = outboxWith(
    (entry) => {
      tries.push(entry.client_id);
      if (clock.now < turn) return { code: "rate_limited", slowMode: true, retryAfter: (turn - clock.now) / 1_000 };
      turn = clock.now + PACE * 1_000;
      return undefined;
    },
    { random: () => 1 },
  );
  ["a", "b", "c"].forEach((id) => add(id));
  await clock.run(PACE * 500);
  // A new connection, or a change in another tab, is no reason to ask before the turn has come.
  await outbox.resume();
  await outbox.goOn();
  await clock.run(PACE * 490);
  assert.deepEqual(tries, ["a", "b"]);
  await clock.run(PACE * 2_000);
  assert.equal(outbox.size, 0);
  assert.deepEqual(sent, ["a", "b", "b", "c", "c"]);
});

test("what was written before one was muted says why it failed, and leaves when it is asked again", async () => {
  let muted = true;
  const refusal = { code: "forbidden", message: "You are muted.", reason: "spam", until: "2026-03-02T12:00:00Z" };
  const { outbox, clock, add } = outboxWith(() => muted && refusal);
  add("a");
  await clock.run(100);
  const { state, error } = outbox.of(7)[0];
  assert.deepEqual([state, error.reason, error.until], ["failed", "spam", "2026-03-02T12:00:00Z"]);
  muted = false;
  outbox.retry("a");
  await clock.run(100);
  assert.equal(outbox.size, 0);
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

// Over reloads, and between tabs

test("what waits when a page ends is sent by the next one, in order and under the same client_ids", async () => {
  const before = outboxWith(() => undefined, { ready: () => false });
  for (const id of ["a", "b", "c"]) before.add(id);
  await before.clock.run(10);
  assert.deepEqual(before.sent, []);
  const after = outboxWith(() => undefined, { store: before.store, clock: before.clock });
  await after.outbox.refresh();
  assert.deepEqual(after.outbox.of(7).map((entry) => entry.body), ["a", "b", "c"]);
  after.outbox.resume();
  await after.clock.run(100);
  assert.deepEqual(after.sent, ["a", "b", "c"]);
  assert.equal(after.store.kept.size, 0);
});

test("where nothing can be kept it is sent all the same, and is known to be at risk until then", async () => {
  let online = false;
  const store = Object.assign(new Store(), { full: true });
  const { outbox, clock, sent, add } = outboxWith(() => undefined, { store, ready: () => online });
  add("a");
  assert.equal(outbox.size, 1);
  await clock.run(10);
  assert.equal(outbox.lasting, false);
  assert.equal(outbox.isAtRisk, true);
  online = true;
  outbox.resume();
  await clock.run(100);
  assert.deepEqual(sent, ["a"]);
  assert.equal(outbox.isAtRisk, false);
});

test("what was kept before the store failed is taken from it once it is sent", async () => {
  let online = false;
  const { outbox, clock, sent, add, store } = outboxWith(() => undefined, { ready: () => online });
  add("a");
  await clock.run(10);
  store.full = true;
  await outbox.refresh();
  store.full = false;
  assert.deepEqual([outbox.lasting, [...store.kept.keys()]], [false, ["a"]]);
  online = true;
  outbox.resume();
  await clock.run(100);
  assert.deepEqual(sent, ["a"]);
  assert.equal(store.kept.size, 0);
});

test("a message is kept before it is sent", async () => {
  const { add, clock, store } = outboxWith((entry) => {
    assert.equal(store.kept.get(entry.client_id).tried, true);
  });
  add("a");
  await clock.run(100);
  assert.equal(store.kept.size, 0);
});

test("a server that asks to wait is left alone by the other tab as well", async () => {
  const shared = { store: new Store(), clock: new Clock(), alone: new Turns().alone };
  const one = outboxWith((_, sent) => sent.length === 1 && { code: "rate_limited", retryAfter: 5 }, shared);
  const other = outboxWith(() => undefined, shared);
  one.add("a");
  await shared.clock.run(10);
  await other.outbox.goOn();
  await shared.clock.run(4_900);
  assert.deepEqual([one.sent, other.sent], [["a"], []]);
  await shared.clock.run(200);
  assert.equal([...one.sent, ...other.sent].length, 2);
  assert.equal(shared.store.kept.size, 0);
});

// Edits

const edit = (outbox, client_id, body, target) => outbox.edit({ client_id, room: 7, body, created_at: "", ...target });

test("a message that was never tried is changed where it waits", async () => {
  let online = false;
  const bodies = [];
  const { outbox, clock, add } = outboxWith((entry) => void bodies.push(entry.body), { ready: () => online });
  add("a");
  await edit(outbox, "e", "better", { post: "a" });
  assert.deepEqual(outbox.of(7).map((entry) => [entry.kind, entry.body]), [["post", "better"]]);
  online = true;
  outbox.resume();
  await clock.run(100);
  assert.deepEqual(bodies, ["better"]);
});

test("of a message that may have arrived an edit follows, in its turn", async () => {
  let answers = false;
  const done = [];
  const { outbox, clock, add } = outboxWith((entry) => {
    if (!answers) return { code: "no_answer" };
    done.push([entry.kind, entry.body, entry.message]);
  });
  add("a");
  await clock.run(100);
  await edit(outbox, "e", "better", { post: "a" });
  await edit(outbox, "f", "best", { post: "a" });
  assert.deepEqual(outbox.of(7).map((entry) => entry.body), ["a", "best"]);
  answers = true;
  await clock.run(60_000);
  assert.deepEqual(done, [["post", "a", null], ["edit", "best", 100]]);
  assert.equal(outbox.size, 0);
});

test("an edit that is begun before its message arrived, and saved after that, leaves too", async () => {
  const done = [];
  const arrived = new Map();
  const find = (room, client_id) => arrived.get(`${room} ${client_id}`) ?? null;
  const { outbox, clock, add } = outboxWith((entry) => void done.push([entry.kind, entry.body, entry.message]), { find });
  add("a");
  await clock.run(100);
  arrived.set("7 a", 100);
  await edit(outbox, "e", "better", { post: "a" });
  await clock.run(100);
  assert.deepEqual(done, [["post", "a", null], ["edit", "better", 100]]);
  assert.equal(outbox.size, 0);
});

test("an edit waits for what was written before it, and a later one takes its place", async () => {
  let online = false;
  const done = [];
  const { outbox, clock, add } = outboxWith((entry) => void done.push(entry.body), { ready: () => online });
  add("a");
  await edit(outbox, "e", "first", { message: 50 });
  add("b");
  await edit(outbox, "f", "second", { message: 50 });
  online = true;
  outbox.resume();
  await clock.run(100);
  assert.deepEqual(done, ["a", "second", "b"]);
});

test("an edit that comes while one is under way leaves after it", async () => {
  const done = [];
  const { outbox, clock } = outboxWith((entry) => {
    done.push(entry.body);
    if (done.length === 1) edit(outbox, "f", "second", { message: 50 });
  });
  edit(outbox, "e", "first", { message: 50 });
  await clock.run(100);
  assert.deepEqual(done, ["first", "second"]);
  assert.equal(outbox.size, 0);
});

test("a refused edit fails with its reason, and given up it is gone", async () => {
  const { outbox, clock } = outboxWith(() => ({ code: "conflict", message: "This message is deleted." }));
  edit(outbox, "e", "too late", { message: 50 });
  await clock.run(100);
  const [failed] = outbox.of(7);
  assert.deepEqual([failed.state, failed.error.message], ["failed", "This message is deleted."]);
  await outbox.remove("e");
  assert.equal(outbox.size, 0);
});

test("a refused message takes the text of its edit, and is sent with it", async () => {
  let refuse = true;
  let answered = false;
  const bodies = [];
  const { outbox, clock, add } = outboxWith((entry) => {
    if (!answered) return { code: "no_answer" };
    if (refuse) return { code: "forbidden", message: "archived" };
    bodies.push([entry.kind, entry.body]);
  });
  add("a");
  await clock.run(100);
  await edit(outbox, "e", "better", { post: "a" });
  answered = true;
  await clock.run(60_000);
  assert.deepEqual(outbox.of(7).map(({ kind, body, state }) => [kind, body, state]), [["post", "better", "failed"]]);
  refuse = false;
  await outbox.retry("a");
  await clock.run(100);
  assert.deepEqual(bodies, [["post", "better"]]);
});

/** A server that keeps posts once and takes edits, and tabs that come, talk, lose their connection and die. */
class World {
  constructor(seed) {
    this.random = chance(seed);
    this.clock = new Clock();
    this.store = new Store();
    this.turns = new Turns();
    this.posts = new Map();
    this.tabs = [this.open(), this.open()];
  }

  open() {
    const tab = { online: true, dead: null };
    const death = new Promise((resolve) => (tab.die = () => resolve((tab.dead = true))));
    const alive = (action) => Promise.race([action, death.then(() => null)]);
    const never = new Promise(() => {});
    tab.outbox = new Outbox({
      store: {
        load: () => (tab.dead ? never : this.store.load()),
        update: (id, change) => (tab.dead ? never : this.store.update(id, change)),
      },
      send: (entry) => this.answer(tab, entry),
      ready: () => tab.online && !tab.dead,
      changed: () => {},
      alone: (name, action) => this.turns.alone(name, () => (tab.dead ? null : alive(action()))),
      tell: () => this.tabs.filter((other) => other !== tab && !other.dead).forEach((other) => other.outbox.goOn()),
      timer: this.clock.timer,
      random: this.random,
      now: () => this.clock.now,
    });
    tab.outbox.resume();
    return tab;
  }

  async answer(tab, { kind, client_id, message, body }) {
    await settled();
    const luck = this.random();
    if (luck < 0.1) throw { code: "offline" };
    if (kind === "post" && !this.posts.has(client_id)) this.posts.set(client_id, { id: this.posts.size + 1, body });
    const post = kind === "post" ? this.posts.get(client_id) : [...this.posts.values()].find(({ id }) => id === message);
    if (kind === "edit") post.body = body;
    if (luck < 0.3) throw { code: "no_answer" };
    return post;
  }

  /** Lose the connection, have it back, close the tab and open another, or neither. */
  befall(at) {
    const luck = this.random();
    const tab = this.tabs[at];
    if (luck < 0.2) tab.online = false;
    else if (luck < 0.5) {
      tab.online = true;
      tab.outbox.resume();
    } else if (luck < 0.6) {
      tab.die();
      this.tabs[at] = this.open();
    }
  }

  async end() {
    for (let round = 0; round < 100 && this.store.kept.size; round += 1) {
      for (const tab of this.tabs) {
        tab.online = true;
        await tab.outbox.resume();
        for (const { client_id, state } of tab.outbox.all()) if (state === "failed") await tab.outbox.retry(client_id);
      }
      await this.clock.run(20_000);
    }
  }
}

test("two tabs, whatever befalls them: everything once, in order, and says what was written last", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const world = new World(seed);
    const wanted = new Map();
    for (let at = 0; at < 10; at += 1) {
      const tab = world.tabs[Math.floor(world.random() * 2)];
      const id = `m${at}`;
      wanted.set(id, id);
      await tab.outbox.add({ client_id: id, room: 7, body: id, created_at: "" });
      await world.clock.run(world.random() * 2_000);
      const target = `m${Math.floor(world.random() * (at + 1))}`;
      const post = world.posts.get(target);
      if (world.random() < 0.5 && (post || tab.outbox.has(target))) {
        wanted.set(target, `edit ${at}`);
        const known = post && !tab.outbox.has(target);
        await edit(tab.outbox, `e${at}`, `edit ${at}`, known ? { message: post.id } : { post: target });
      }
      [0, 1].forEach((which) => world.befall(which));
    }
    await world.end();
    assert.equal(world.store.kept.size, 0, `seed ${seed}`);
    const kept = [...world.posts].map(([id, { body }]) => [id, body]);
    assert.deepEqual(kept, [...wanted], `seed ${seed}`);
  }
});
