import assert from "node:assert/strict";
import { test } from "node:test";

import { LIMIT, ask, done, first, fresh, person, post, tab, texts, told } from "./harness.mjs";

/** Ends the server as `verb` says and starts it; once the clients are back by themselves: why each was closed, and the code. */
async function restarted(verb, ...people) {
  const gone = people.map(({ socket }) => first(socket, "disconnect"));
  const back = people.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve)));
  await ask(verb);
  const closed = (await Promise.all(gone)).map(([reason, details]) => [reason, details.context.code]);
  await ask("start");
  await Promise.all(back);
  return closed;
}

const survives = (verb, code) => async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const [before, after] = [fresh("before"), fresh("after")];
  const message = await post(ann.socket, "lobby", before);
  assert.deepEqual(await restarted(verb, ann, bob), Array(2).fill(["transport close", code]));
  const { messages } = await done(bob.socket, "read_history", { room: "lobby" });
  assert.deepEqual(messages.find(({ id }) => id === message.id), message);
  const { changes, user } = await done(ann.socket, "sync", { rooms: { [message.room]: message.version } });
  assert.equal(user.name, ann.name);
  assert.deepEqual(changes[message.room].messages, []);
  const next = await post(ann.socket, "lobby", after);
  assert.equal(next.seq, message.seq + 1);
  await told(bob.socket, "message_posted", (said) => said.message.body === after);
  assert.equal(texts(bob.socket).filter((text) => text === after).length, 1);
};

test("clients return to a server that was killed, and nothing is lost", LIMIT, survives("kill", 1006));

test("clients return to a server that was stopped in good order", LIMIT, survives("stop", 1012));

test("what was missed while away comes with sync, each message once", LIMIT, async (t) => {
  const [ann, bob] = [await person(t, "ann"), await person(t, "bob")];
  const seen = await post(ann.socket, "lobby", fresh("seen"));
  bob.socket.disconnect();
  const missed = [await post(ann.socket, "lobby", fresh("one")), await post(ann.socket, "lobby", fresh("two"))];
  const again = await tab(t, bob.cookies);
  const { changes } = await done(again.socket, "sync", { rooms: { [seen.room]: seen.version } });
  assert.deepEqual(changes[seen.room].messages, missed);
  assert.equal(changes[seen.room].reset, false);
});
