import assert from "node:assert/strict";
import { test } from "node:test";
import { actionsOn } from "../../../rooms/static/rooms/models/permission.js";
import { chipsOf, hasReacted } from "../../../rooms/static/rooms/models/reactions.js";
import { versionsOf } from "../../../rooms/static/rooms/models/versions.js";
import { message } from "./support.mjs";

const OPEN = { kind: "public", role: "member", archived: false, read_only: false, may_post: true, guests_may_post: true };
const BOB = { id: 2, name: "Bob" };
const GUEST = { id: null, name: "Gus", named: true };
const STAFF = { id: 3, name: "Sam", moderates: true };
const NAMES = new Map([[2, "Bob"], [3, "Sam"], [4, "Tim"]]);
const nameOf = (id) => NAMES.get(id) ?? null;

/** The names of what may be done. */
function allowed(held, { room = OPEN, user = BOB, isMine = false } = {}) {
  const may = actionsOn(held, { room, user, isMine });
  return Object.keys(may).filter((name) => may[name]).join(" ");
}

test("one edits and deletes what is one's own, and reacts to everything", () => {
  assert.equal(allowed(message(1), { isMine: true }), "react edit remove");
  assert.equal(allowed(message(1)), "react report");
  const moderated = { ...OPEN, role: "moderator", may_moderate: true };
  assert.equal(allowed(message(1), { room: moderated }), "react remove report moderate");
});

test("guests do not react; what they wrote is theirs to change where they may write", () => {
  assert.equal(allowed(message(1), { user: GUEST }), "");
  assert.equal(allowed(message(1), { user: GUEST, isMine: true }), "edit remove");
  assert.equal(allowed(message(1), { user: GUEST, isMine: true, room: { ...OPEN, guests_may_post: false } }), "remove");
});

test("where nobody writes one only takes away, and reports", () => {
  for (const closed of [{ archived: true }, { read_only: true }, { role: null }]) {
    assert.equal(allowed(message(1), { room: { ...OPEN, ...closed }, isMine: true }), "remove");
    assert.equal(allowed(message(1), { room: { ...OPEN, ...closed } }), "report");
  }
});

test("what is on its way can be changed, what is deleted cannot", () => {
  assert.equal(allowed({ ...message(1), id: null }, { isMine: true }), "edit");
  assert.equal(allowed(message(1, { deleted_at: "2026-03-02T10:00:00Z" }), { isMine: true }), "");
});

test("earlier versions are for the author and for staff who moderate", () => {
  const edited = message(1, { edited_at: "2026-03-02T10:00:00Z" });
  const deleted = message(1, { deleted_at: "2026-03-02T10:00:00Z" });
  assert.equal(allowed(edited, { isMine: true }), "react edit remove versions");
  assert.equal(allowed(edited), "react report");
  assert.equal(allowed(edited, { user: STAFF }), "react versions report");
  assert.equal(allowed(deleted, { user: STAFF }), "versions");
  assert.equal(allowed(message(1), { user: STAFF }), "react report");
});

test("reactions name who is known, oneself first, and count the others", () => {
  const who = (...users) => chipsOf([{ emoji: "👍", users }], 1, nameOf)[0];
  assert.deepEqual(who(2), { emoji: "👍", count: 1, isMine: false, who: "Bob" });
  assert.deepEqual(who(2, 1), { emoji: "👍", count: 2, isMine: true, who: "You and Bob" });
  assert.equal(who(2, 3, 1, 4).who, "You, Bob, Sam and Tim");
  assert.equal(who(1, 8, 9).who, "You and 2 others");
  assert.equal(who(2, 9).who, "Bob and 1 other");
  assert.equal(who(9).who, "Somebody");
  assert.equal(who(8, 9).who, "2 people");
});

test("the same picture is the same reaction, asked for or not", () => {
  const reactions = [{ emoji: "❤", users: [1] }];
  assert.ok(hasReacted(reactions, 1, "❤️"));
  assert.ok(!hasReacted(reactions, 2, "❤️"));
  assert.ok(!hasReacted(reactions, 1, "👍"));
});

test("versions are told newest first; of a deleted message only what it said", () => {
  const revisions = [{ body: "a", until: "t1" }, { body: "b", until: "t2" }];
  const now = { body: "c", until: null };
  assert.deepEqual(versionsOf(message(1, { body: "c" }), revisions), [now, ...[...revisions].reverse()]);
  assert.deepEqual(versionsOf(message(1, { body: "", deleted_at: "t2" }), revisions), [...revisions].reverse());
});
