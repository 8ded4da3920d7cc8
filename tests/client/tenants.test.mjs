/** Namespaces that clients ask for by name, on the playground. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LIMIT, connection, done, entered, fresh, heard, told } from "./harness.mjs";

const open = (t) => connection(t, undefined, { to: process.env.PLAYGROUND_URL });

const key = (name) => ({ auth: { key: [...name].reverse().join("") } });
const tenant = (manager, name) => entered(manager, `/tenants/${name}`, key(name));

/** How a namespace refuses: `[message, data]`. */
async function refusal(manager, name, auth) {
  const socket = manager.socket(name, { auth });
  const error = await new Promise((resolve, reject) => {
    socket.once("connect_error", resolve);
    socket.once("connect", () => reject(new Error(`${name} let the socket in`)));
  });
  return [error.message, error.data];
}

const UNKNOWN = ["Invalid namespace", undefined];
const NO_KEY = ["This is not the tenant's key.", { code: "forbidden" }];

test("each tenant has a namespace of its own, over one connection, which its own people enter", LIMIT, async (t) => {
  const manager = open(t);
  const [blue, green] = [fresh("blue"), fresh("green")];
  const [inBlue, inGreen] = [await tenant(manager, blue), await tenant(manager, green)];
  const stranger = await tenant(open(t), green);
  assert.equal(inBlue.io.engine.id, inGreen.io.engine.id);
  for (const socket of [inBlue, inGreen, stranger]) await done(socket, "join", { rooms: ["hall"] });
  await done(inBlue, "say", { text: "only in blue", to: ["hall"] });
  await told(inBlue, "said");
  await done(stranger, "say", { text: "later" });
  for (const socket of [inGreen, stranger]) {
    await told(socket, "said", ({ text }) => text === "later");
    assert.ok(!heard(socket).some(({ data }) => data.text === "only in blue"));
  }
});

test("a tenant's namespace is entered by who is authorised for it, and for no other", LIMIT, async (t) => {
  const [blue, green] = [fresh("blue"), fresh("green")];
  await tenant(open(t), blue);
  assert.deepEqual(await refusal(open(t), `/tenants/${blue}`, key(green).auth), NO_KEY);
  assert.deepEqual(await refusal(open(t), `/tenants/${green}`, key(blue).auth), NO_KEY);
  assert.deepEqual(await refusal(open(t), `/tenants/${green}`), NO_KEY);
});

test("a name that nobody serves is refused by name, whether a pattern or a function decides", LIMIT, async (t) => {
  const name = `/tenants/${fresh("guarded")}`;
  assert.deepEqual(await refusal(open(t), name, { password: "open" }), UNKNOWN);
  assert.deepEqual(await refusal(open(t), "/tenants/UPPER", key("UPPER").auth), UNKNOWN);
  assert.deepEqual(await refusal(open(t), "/tenants/*", key("*").auth), UNKNOWN);
  const guarded = await entered(open(t), name, { auth: { password: "sesame" } });
  assert.equal(await done(guarded, "kind", {}), "Guarded");
  assert.deepEqual(await refusal(open(t), name, { password: "open" }), UNKNOWN, "somebody is in it by now");
});

test("a fixed namespace comes before dynamic ones, and among these the first that accepts", LIMIT, async (t) => {
  const manager = open(t);
  const blue = fresh("blue");
  assert.equal(await done(await entered(manager, "/tenants/fixed"), "kind", {}), "Fixed");
  assert.equal(await done(await tenant(manager, blue), "kind", {}), "Tenant");
  const guarded = await entered(manager, `/tenants/${fresh("guarded")}`, { auth: { password: "sesame" } });
  assert.equal(await done(guarded, "kind", {}), "Guarded");
});

test("a broadcast of the parent reaches every socket of every tenant once, and no other namespace", LIMIT, async (t) => {
  const manager = open(t);
  const watch = await entered(manager, "/watch");
  const [blue, green, quiet] = [fresh("blue"), fresh("green"), fresh("quiet")];
  const tenants = [await tenant(manager, blue), await tenant(open(t), blue), await tenant(manager, green)];
  const others = [watch, await entered(manager, "/"), await entered(manager, "/tenants/fixed")];
  await done(tenants[2], "join", { rooms: [quiet] });
  for (const [text, payload] of [["to all", {}], ["to most", { without: [quiet] }], ["at last", {}]]) {
    await done(watch, "announce", { text, ...payload });
  }
  const notices = (socket) => heard(socket).filter(({ event }) => event === "notice").map(({ data }) => data.text);
  for (const socket of tenants) await told(socket, "notice", ({ text }) => text === "at last");
  assert.deepEqual(tenants.map(notices), [
    ["to all", "to most", "at last"],
    ["to all", "to most", "at last"],
    ["to all", "at last"],
  ]);
  assert.deepEqual(others.map(notices), [[], [], []]);
});

test("a tenant's namespace begins with its first socket and ends with its last; names that are tried leave none", LIMIT, async (t) => {
  const watch = await entered(open(t), "/watch");
  const blue = fresh("blue");
  const lives = () => heard(watch).filter(({ data }) => data.name === `/tenants/${blue}`).map(({ data }) => data.what);
  const [one, two] = [await tenant(open(t), blue), await tenant(open(t), blue)];
  assert.deepEqual(await refusal(open(t), `/tenants/${blue}`, {}), NO_KEY);
  one.disconnect();
  await told(two, "gone");
  assert.deepEqual(lives(), ["begins"]);
  two.io._close();
  await told(watch, "tenant", ({ what, name }) => what === "ends" && name === `/tenants/${blue}`);
  assert.deepEqual(lives(), ["begins", "ends"]);
  const green = `/tenants/${fresh("green")}`;
  assert.deepEqual(await refusal(open(t), green, {}), NO_KEY);
  await told(watch, "tenant", ({ what, name }) => what === "ends" && name === green);
});
