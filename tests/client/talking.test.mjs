import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import {
  LIMIT, ask, command, connection, done, entered, first, fresh, heard, person, post, quiet, tab, texts, told,
} from "./harness.mjs";

const NEWEST = { room: "lobby", limit: 100 };
const history = async (socket) => (await done(socket, "read_history", NEWEST)).messages;

test("the ack holds the stored message", LIMIT, async (t) => {
  const ann = await person(t, "ann");
  const client_id = randomUUID();
  const ack = await command(ann.socket, "post_message", { room: "lobby", client_id, body: "hello **there**" });
  assert.equal(ack.ok, true);
  const { message } = ack.data;
  assert.equal(message.body, "hello **there**");
  assert.match(message.html, /<strong>there<\/strong>/);
  assert.equal(message.client_id, client_id);
  assert.equal(message.author.id, ann.user.id);
  assert.ok(message.seq >= 1);
  assert.ok(message.version >= message.seq);
  assert.match(message.created_at, /^\d{4}-\d\d-\d\dT.*(Z|\+00:00)$/);
  assert.deepEqual((await history(ann.socket)).at(-1), message);
});

test("everybody hears a message but the socket that sent it, and the sender's other tab does", LIMIT, async (t) => {
  const ann = await person(t, "ann");
  const other = await tab(t, ann.cookies);
  const bob = await person(t, "bob");
  const guest = await tab(t);
  const body = fresh("hello");
  const message = await post(ann.socket, "lobby", body);
  for (const { socket } of [other, bob]) {
    const { data } = await told(socket, "message_posted", (said) => said.message.id === message.id);
    assert.equal(data.room, message.room);
    assert.equal(data.version, message.version);
    assert.deepEqual(data.message, message);
  }
  await done(guest.socket, "open_room", { room: "lobby" });
  await quiet(bob.socket, ann.socket, other.socket);
  assert.ok(!texts(ann.socket).includes(body));
  assert.equal(texts(other.socket).filter((text) => text === body).length, 1);
});

test("numbers of messages follow each other without a gap", LIMIT, async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const messages = await Promise.all(
    Array.from({ length: 10 }, (_, number) => post((number % 2 ? ann : bob).socket, "lobby", `number ${number}`)),
  );
  const seqs = messages.map(({ seq }) => seq).sort((a, b) => a - b);
  assert.deepEqual(seqs, Array.from({ length: 10 }, (_, number) => seqs[0] + number));
});

test("markup in a text is shown, not run", LIMIT, async (t) => {
  const { socket } = await person(t, "ann");
  const message = await post(socket, "lobby", "<script>alert(1)</script><img src=x onerror=alert(1)>");
  assert.doesNotMatch(message.html, /<script|<img/);
});

test("a repeated client_id is stored once", LIMIT, async (t) => {
  const ann = await person(t, "ann");
  const bob = await person(t, "bob");
  const body = fresh("once");
  const client_id = randomUUID();
  const [one, two] = [await post(ann.socket, "lobby", body, client_id), await post(ann.socket, "lobby", body, client_id)];
  assert.deepEqual(two, one);
  assert.equal((await history(ann.socket)).filter((message) => message.body === body).length, 1);
  await quiet(ann.socket, bob.socket);
  assert.equal(texts(bob.socket).filter((text) => text === body).length, 1);
});

test("a client that retries because its ack was lost has its message stored once", LIMIT, async (t) => {
  const bob = await person(t, "bob");
  const socket = await entered(connection(t, await ask("sign_up", fresh("ann"))), "/", { retries: 3, ackTimeout: 300 });
  const acks = [];
  const { onack } = Object.getPrototypeOf(socket);
  socket.onack = function (packet) {
    acks.push(packet);
    if (acks.length > 1) onack.call(this, packet); // the first is lost on the way
  };
  const body = fresh("retried");
  const ack = await socket.emitWithAck("post_message", { room: "lobby", client_id: randomUUID(), body });
  assert.ok(acks.length > 1);
  assert.equal(ack.ok, true);
  assert.equal((await history(bob.socket)).filter((message) => message.body === body).length, 1);
  assert.equal(texts(bob.socket).filter((text) => text === body).length, 1);
});

test("an event of 80 KB is refused as too large, and the socket stays usable", LIMIT, async (t) => {
  const { socket } = await person(t, "ann");
  const body = "x".repeat(80_000);
  const ack = await command(socket, "post_message", { room: "lobby", client_id: randomUUID(), body });
  assert.equal(ack.ok, false);
  assert.equal(ack.error.code, "too_large");
  await post(socket, "lobby", "still here");
});

test("an unknown event is acked as such, and the socket stays usable", LIMIT, async (t) => {
  const { socket } = await person(t, "ann");
  for (const event of ["no_such_event", "message", "__init__", "on_connect", "trigger_event", "", "ümlaut", "a b"]) {
    const ack = await command(socket, event, {});
    assert.equal(ack.ok, false, event);
    assert.equal(ack.error.code, "unknown_event", event);
  }
  await post(socket, "lobby", "still here");
});

test("the client's reserved names, sent past its own check, are unknown to the server", LIMIT, async (t) => {
  const ann = await person(t, "ann");
  for (const event of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
    const ack = await new Promise((resolve) => {
      const id = ann.socket.ids++;
      ann.socket.acks[id] = resolve;
      ann.socket.io.engine.write(`2${id}${JSON.stringify([event, {}, {}])}`);
    });
    assert.equal(ack.error?.code, "unknown_event", event);
  }
  await post(ann.socket, "lobby", "still here");
});

test("a payload of the wrong type is refused by field", LIMIT, async (t) => {
  const { socket } = await person(t, "ann");
  const client_id = randomUUID();
  const wrong = [
    ["post_message", { room: "lobby", client_id, body: 5 }, "body"],
    ["post_message", { room: "lobby", client_id, body: null }, "body"],
    ["post_message", { room: "lobby", client_id, body: "   " }, "body"],
    ["post_message", { room: "lobby", client_id, body: "x".repeat(10_001) }, "body"],
    ["post_message", { room: "lobby", client_id, body: "nul \u0000" }, "body"],
    ["post_message", { room: "lobby", client_id, body: "half \ud800" }, "body"],
    ["post_message", { room: "lobby", client_id: "no uuid", body: "x" }, "client_id"],
    ["post_message", { room: "lobby", body: "x" }, "client_id"],
    ["post_message", { room: ["lobby"], client_id, body: "x" }, "room"],
    ["mark_read", { room: "lobby", seq: Number.NaN }, "seq"], // NaN leaves the client as null
    ["mark_read", { room: "lobby", seq: "1e3" }, "seq"],
    ["create_room", { name: {} }, "name"],
  ];
  for (const [event, payload, field] of wrong) {
    const ack = await command(socket, event, payload);
    assert.equal(ack.error?.code, "invalid", `${event} ${JSON.stringify(payload).slice(0, 80)}`);
    assert.equal(typeof ack.error.fields?.[field], "string", `${event} ${JSON.stringify(ack.error)}`);
  }
  for (const payload of [null, 5, "text", [], true, undefined]) {
    const ack = await command(socket, "post_message", payload);
    assert.equal(ack.error?.code, "invalid", JSON.stringify(payload));
  }
  await post(socket, "lobby", "still here");
});

test("ten thousand characters are one message, whatever they weigh", LIMIT, async (t) => {
  const { socket } = await person(t, "ann");
  const body = "🙂".repeat(10_000);
  assert.equal((await post(socket, "lobby", body)).body, body);
});

test("an unknown room is not found", LIMIT, async (t) => {
  const { socket } = await person(t, "ann");
  for (const room of ["no-such-room", 987_654_321, "lobby ", "LOBBY/.."]) {
    const ack = await command(socket, "open_room", { room });
    assert.ok(["not_found", "invalid"].includes(ack.error?.code), `${room}: ${JSON.stringify(ack)}`);
  }
  assert.equal((await command(socket, "open_room", { room: "no-such-room" })).error.code, "not_found");
});

test("what is no JSON closes its own connection, and reaches nobody", LIMIT, async (t) => {
  const bob = await person(t, "bob");
  for (const packet of [
    `2["post_message",{"room":"lobby","client_id":"${randomUUID()}","body":NaN}]`,
    `2["mark_read",{"room":"lobby","seq":1e400}]`,
    `2["post_message",${"[".repeat(20_000)}${"]".repeat(20_000)}]`,
    `2["post_message",{"room":`,
    "9",
    "no packet",
    '51-["post_message",{"_placeholder":true,"num":0}]',
  ]) {
    const manager = connection(t, await ask("sign_up", fresh("mal")), { reconnection: false });
    const socket = await entered(manager);
    const closed = first(socket, "disconnect");
    manager.engine.write(packet);
    const [reason] = await closed;
    assert.match(reason, /^transport|^io server/, packet.slice(0, 60));
  }
  assert.equal(bob.socket.connected, true);
  assert.deepEqual(heard(bob.socket).filter(({ event }) => event === "message_posted"), []);
  assert.doesNotMatch(await ask("log"), /Traceback/);
});

test("every event is JSON that a browser can read", LIMIT, async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const raw = [];
  bob.socket.io.engine.on("data", (data) => raw.push(data));
  const bidi = "left \u202e right \u2066 and \u2028 line";
  const message = await post(ann.socket, "lobby", bidi);
  const { data } = await told(bob.socket, "message_posted", (said) => said.message.id === message.id);
  assert.equal(data.message.body, bidi);
  for (const packet of raw.filter((packet) => packet.startsWith("2"))) {
    assert.doesNotMatch(packet, /:(NaN|-?Infinity)[,}]/);
    JSON.parse(packet.slice(packet.indexOf("[")));
  }
});
