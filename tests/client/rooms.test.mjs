import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LIMIT, ask, command, connection, done, entered, fresh, heard, person, post, quiet, tab, texts, told,
} from "./harness.mjs";

/** Ann, a private room of hers with Bob in it, and Cat, who is an outsider. */
async function den(t) {
  const [ann, bob, cat] = [await person(t, "ann"), await person(t, "bob"), await person(t, "cat")];
  const { room } = await done(ann.socket, "create_room", { name: fresh("Den"), kind: "private" });
  await done(ann.socket, "add_members", { room: room.id, users: [bob.user.id] });
  await told(bob.socket, "room_changed", (said) => said.room.id === room.id);
  return { ann, bob, cat, room };
}

const without = (socket, event) => heard(socket).filter((said) => said.event === event).length;

test("members of a private room hear what is said in it, outsiders do not", LIMIT, async (t) => {
  const { ann, bob, cat, room } = await den(t);
  assert.equal((await command(cat.socket, "open_room", { room: room.id })).error.code, "not_found");
  assert.equal((await command(cat.socket, "open_room", { room: room.slug })).error.code, "not_found");
  assert.ok(!cat.rooms.some(({ id }) => id === room.id));
  const body = fresh("between us");
  await post(ann.socket, room.id, body);
  await told(bob.socket, "message_posted", ({ message }) => message.body === body);
  await quiet(ann.socket, bob.socket, cat.socket);
  assert.deepEqual(texts(cat.socket).filter((text) => text === body), []);
  assert.ok(!JSON.stringify(heard(cat.socket)).includes(room.slug));
});

test("an outsider's commands in a private room are answered as if there were none", LIMIT, async (t) => {
  const { bob, cat, room } = await den(t);
  const commands = {
    post_message: { client_id: crypto.randomUUID(), body: "let me in" },
    read_history: {},
    mark_read: { seq: 1 },
    set_typing: { typing: true },
    update_room: { name: "mine" },
    join_room: {},
    leave_room: {},
    add_members: { users: [cat.user.id] },
    remove_member: { user: bob.user.id },
  };
  for (const [event, payload] of Object.entries(commands)) {
    const refused = await command(cat.socket, event, { room: room.id, ...payload });
    const unknown = await command(cat.socket, event, { room: 987_654_321, ...payload });
    assert.equal(refused.error?.code, "not_found", event);
    assert.deepEqual(refused, unknown, event);
  }
  await quiet(cat.socket, bob.socket);
  assert.ok(!texts(bob.socket).includes("let me in"));
});

test("all tabs of a person join a room with the person", LIMIT, async (t) => {
  const { ann, bob, room } = await den(t);
  const other = await tab(t, bob.cookies);
  const body = fresh("both tabs");
  await post(ann.socket, room.id, body);
  for (const { socket } of [bob, other]) {
    await told(socket, "message_posted", ({ message }) => message.body === body);
  }
});

test("who is removed hears no more, in any tab", LIMIT, async (t) => {
  const { ann, bob, room } = await den(t);
  const other = await tab(t, bob.cookies);
  await done(ann.socket, "remove_member", { room: room.id, user: bob.user.id });
  for (const { socket } of [bob, other]) await told(socket, "room_removed", (said) => said.room === room.id);
  const body = fresh("without bob");
  await post(ann.socket, room.id, body);
  await quiet(ann.socket, bob.socket, other.socket);
  for (const { socket } of [bob, other]) {
    assert.ok(!texts(socket).includes(body));
    assert.equal((await command(socket, "read_history", { room: room.id })).error.code, "not_found");
  }
});

test("who leaves hears no more", LIMIT, async (t) => {
  const { ann, bob, room } = await den(t);
  await done(bob.socket, "leave_room", { room: room.id });
  const body = fresh("after bob left");
  await post(ann.socket, room.id, body);
  await quiet(ann.socket, bob.socket);
  assert.ok(!texts(bob.socket).includes(body));
});

test("a public room is read along in while it is open, and posted in after joining", LIMIT, async (t) => {
  const [ann, cat] = [await person(t, "ann"), await person(t, "cat")];
  const { room } = await done(ann.socket, "create_room", { name: fresh("Plaza"), kind: "public" });
  const say = async () => {
    const body = fresh("in public");
    await post(ann.socket, room.id, body);
    await quiet(ann.socket, cat.socket);
    return texts(cat.socket).includes(body);
  };
  assert.equal(await say(), false, "not opened");
  const { messages } = await done(cat.socket, "open_room", { room: room.slug });
  assert.equal(messages.length, 1);
  assert.equal(await say(), true, "opened");
  const early = await command(cat.socket, "post_message", {
    room: room.id, client_id: crypto.randomUUID(), body: "no member yet",
  });
  assert.equal(early.error?.code, "forbidden");
  await done(cat.socket, "close_room", { room: room.id });
  assert.equal(await say(), false, "closed");
  await done(cat.socket, "join_room", { room: room.id });
  assert.equal(await say(), true, "joined");
  await post(cat.socket, room.id, "a member now");
  await done(cat.socket, "close_room", { room: room.id });
  assert.equal(await say(), true, "a member hears a room that is not open");
});

test("typing is shown to the others in the room, and to nobody else", LIMIT, async (t) => {
  const { ann, bob, cat, room } = await den(t);
  await done(ann.socket, "set_typing", { room: room.id, typing: true });
  const { data } = await told(bob.socket, "typing_changed", (said) => said.room === room.id && said.typing);
  assert.deepEqual(data.user, { id: ann.user.id, name: ann.user.name });
  await quiet(bob.socket, ann.socket, cat.socket);
  assert.equal(without(ann.socket, "typing_changed"), 0);
  assert.equal(without(cat.socket, "typing_changed"), 0);
});

test("what is read in one tab is read in the person's others, and nobody else is told", LIMIT, async (t) => {
  const { ann, bob, room } = await den(t);
  const other = await tab(t, bob.cookies);
  const message = await post(ann.socket, room.id, fresh("read me"));
  const counts = await done(bob.socket, "mark_read", { room: room.id, seq: message.seq });
  assert.equal(counts.unread, 0);
  const { data } = await told(other.socket, "room_read", (said) => said.room === room.id);
  assert.equal(data.seq, message.seq);
  assert.equal(data.unread, 0);
  await quiet(bob.socket, ann.socket, other.socket);
  assert.equal(without(ann.socket, "room_read"), 0);
});

test("nobody posts in an archived room, and it opens again", LIMIT, async (t) => {
  const { ann, bob, room } = await den(t);
  await done(ann.socket, "update_room", { room: room.id, archived: true });
  await told(bob.socket, "room_changed", (said) => said.room.id === room.id && said.room.archived);
  const payload = { room: room.id, client_id: crypto.randomUUID(), body: "too late" };
  assert.equal((await command(bob.socket, "post_message", payload)).error?.code, "forbidden");
  await done(ann.socket, "update_room", { room: room.id, archived: false });
  await done(bob.socket, "post_message", payload);
});

test("a member who does not own a room cannot change it", LIMIT, async (t) => {
  const { bob, cat, room } = await den(t);
  for (const [event, payload] of [
    ["update_room", { name: "mine" }],
    ["remove_member", { user: cat.user.id }],
  ]) {
    const ack = await command(bob.socket, event, { room: room.id, ...payload });
    assert.equal(ack.error?.code, "forbidden", event);
  }
});

test("a guest without a name is asked for one, and a guest with one posts where guests may", LIMIT, async (t) => {
  const payload = () => ({ room: "lobby", client_id: crypto.randomUUID(), body: fresh("from a guest") });
  const nameless = await tab(t);
  const ack = await command(nameless.socket, "post_message", payload());
  assert.equal(ack.error?.code, "invalid");
  assert.equal(typeof ack.error.fields.name, "string");
  const bob = await person(t, "bob");
  const name = fresh("gus");
  const guest = await tab(t, await ask("guest", name));
  const { message } = await done(guest.socket, "post_message", payload());
  assert.deepEqual([message.author.id, message.author.name], [null, name]);
  await told(bob.socket, "message_posted", (said) => said.message.id === message.id);
  const { room } = await done(bob.socket, "create_room", { name: fresh("Members"), kind: "public" });
  assert.equal((await command(guest.socket, "open_room", { room: room.id })).error?.code, "not_found");
});

test("a room may have the same name in both namespaces and is another room in each", LIMIT, async (t) => {
  const manager = connection(t, await ask("owner"));
  const [chat, staff] = [await entered(manager, "/"), await entered(manager, "/admin")];
  const bob = await person(t, "bob");
  const body = fresh("only in the chat");
  await done(chat, "open_room", { room: "lobby" });
  await post(bob.socket, "lobby", body);
  await told(chat, "message_posted", ({ message }) => message.body === body);
  await told(staff, "activity", ({ kind, user }) => kind === "message_posted" && user?.id === bob.user.id);
  assert.equal(without(staff, "message_posted"), 0);
  assert.equal(without(chat, "activity") + without(chat, "stats"), 0);
});
