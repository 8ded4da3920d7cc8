/** Two playgrounds that share a Redis: rooms go across processes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LIMIT, connection, done, entered, fresh, heard, told, until } from "./harness.mjs";

const { PLAYGROUND_URL: here, OTHER_PLAYGROUND_URL: there } = process.env;

/** A socket in `rooms` of one of the servers. */
async function on(t, server, name, rooms) {
  const socket = await entered(connection(t, undefined, { to: server }), name, { auth: { word: "please" } });
  await done(socket, "join", { rooms });
  return socket;
}

test("what is said to a room reaches who is in it on every server, once and in order, and nobody else", LIMIT, async (t) => {
  const [hall, attic] = [fresh("hall"), fresh("attic")];
  const ann = await on(t, here, "/", [hall]);
  const bob = await on(t, there, "/", [hall, attic]);
  const others = [await on(t, here, "/", []), await on(t, there, "/", []), await on(t, there, "/back", [hall])];
  const hears = (socket, text) => heard(socket).some(({ data }) => data.text === text);
  // Each server listens to the others from its first client on: not at once.
  for (const [speaker, listener] of [[ann, bob], [bob, ann]]) {
    const probe = fresh("probe");
    await until(async () => {
      await done(speaker, "say_everywhere", { text: probe, to: [hall] });
      return hears(listener, probe);
    });
  }
  const spoken = Array.from({ length: 20 }, (_, number) => `number ${number}`);
  for (const text of spoken) await done(ann, "say_everywhere", { text, to: [hall, attic] });
  for (const socket of [ann, bob]) {
    await told(socket, "said", ({ text }) => text === spoken.at(-1));
    const numbers = heard(socket).map(({ data }) => data.text).filter((text) => text?.startsWith("number"));
    assert.deepEqual(numbers, spoken);
  }
  const last = fresh("to all");
  await done(ann, "say_everywhere", { text: last });
  for (const socket of others.slice(0, 2)) await told(socket, "said", ({ text }) => text === last);
  for (const socket of others) assert.ok(!hears(socket, spoken[0]));
});
