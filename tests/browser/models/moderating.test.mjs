import assert from "node:assert/strict";
import { test } from "node:test";
import { LASTING, timeIn } from "../../../rooms/static/rooms/models/durations.js";
import { actionsOn, measuresOn, muteIn, offerIn } from "../../../rooms/static/rooms/models/permission.js";
import { RoomList } from "../../../rooms/static/rooms/models/room_list.js";
import { countdown, isSlowFor, paceName, waitIn } from "../../../rooms/static/rooms/models/slow_mode.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");
const at = (seconds) => new Date(NOON + seconds * 1_000).toISOString();

const ANN = { id: 1 };
const BOB = { id: 2, role: "member" };
const PLAIN = { id: 3, kind: "public", role: "member", may_post: true };
const MODERATED = { ...PLAIN, role: "moderator", may_moderate: true };
const OWNED = { ...PLAIN, role: "owner", may_moderate: true, may_manage: true };
const STAFF = { id: 1, moderates: true };
const HERE = { id: 9, author: BOB, deleted_at: null, edited_at: null };

test("a span that is chosen ends at a time, and the one without an end never", () => {
  const ends = LASTING.filter(({ isMoment }) => !isMoment).map(({ seconds }) => timeIn(seconds, NOON));
  assert.deepEqual(ends.slice(0, 3), [at(600), at(3_600), at(86_400)]);
  assert.equal(ends.at(-1), null);
  assert.equal(timeIn(-600, NOON), at(-600));
});

// Who may do what about whom

test("moderators reach members and who left, not each other, nor owners, nor themselves", () => {
  const may = (person, room = MODERATED, user = ANN) => measuresOn(person, { room, user });
  assert.deepEqual(may(BOB), { mute: true, ban: true, clear: true, remove: true, roles: [] });
  assert.deepEqual(may({ id: 2, role: null }), { mute: true, ban: true, clear: true, remove: false, roles: [] });
  for (const person of [{ id: 2, role: "moderator" }, { id: 2, role: "owner" }, { ...BOB, id: 1 }, { id: null, role: null }]) {
    assert.deepEqual(may(person), { mute: false, ban: false, clear: false, remove: false, roles: [] });
  }
  assert.equal(may(BOB, PLAIN).mute, false);
  assert.equal(may(BOB, { ...MODERATED, everyone: true }).remove, false);
});

test("owners give roles to those below them, and staff who moderate to owners, too", () => {
  const roles = (person, room, user = ANN) => measuresOn(person, { room, user }).roles;
  assert.deepEqual(roles(BOB, OWNED), ["owner", "moderator"]);
  assert.deepEqual(roles({ id: 2, role: "moderator" }, OWNED), ["owner", "member"]);
  assert.deepEqual(roles({ id: 2, role: "owner" }, OWNED), []);
  assert.deepEqual(roles({ id: 2, role: null }, OWNED), []);
  assert.deepEqual(roles({ id: 2, role: "owner" }, { ...OWNED, role: null }, STAFF), ["moderator", "member"]);
});

test("others' messages are reported by who has an account, and deleted by who moderates", () => {
  const may = (message, room, user, isMine = false) => actionsOn(message, { room, user, isMine, role: message.author.role });
  assert.equal(may(HERE, PLAIN, ANN).report, true);
  assert.equal(may(HERE, { ...PLAIN, archived: true }, ANN).report, true);
  assert.equal(may(HERE, PLAIN, { id: null }).report, false);
  assert.equal(may({ ...HERE, author: ANN }, PLAIN, ANN, true).report, false);
  assert.equal(may({ ...HERE, deleted_at: at(0) }, PLAIN, ANN).report, false);
  assert.equal(may({ ...HERE, id: null }, PLAIN, ANN).report, false);
  assert.equal(may(HERE, PLAIN, ANN).remove, false);
  assert.equal(may(HERE, MODERATED, ANN).remove, true);
  assert.equal(may(HERE, MODERATED, ANN).moderate, true);
  assert.equal(may({ ...HERE, deleted_at: at(0) }, MODERATED, ANN).moderate, true);
  assert.equal(may({ ...HERE, author: { id: null } }, MODERATED, ANN).moderate, false);
});

// Muted

test("a mute holds until its end, or until it is lifted, and hides everything one would write", () => {
  const muted = (until) => ({ ...PLAIN, muted: { until, reason: "spam", everywhere: false } });
  assert.equal(muteIn(muted(at(1)), NOON).reason, "spam");
  assert.equal(muteIn(muted(at(0)), NOON), null);
  assert.equal(muteIn(muted(null), NOON).reason, "spam");
  assert.equal(muteIn(PLAIN, NOON), null);
  assert.equal(offerIn(muted(null), ANN), "muted");
  assert.equal(offerIn({ ...muted(null), archived: true }, ANN), "archived");
  assert.equal(offerIn({ ...muted(null), may_post: false }, ANN), "none");
  const may = actionsOn({ ...HERE, author: ANN }, { room: muted(null), user: ANN, isMine: true });
  assert.deepEqual([may.react, may.edit, may.remove], [false, false, true]);
});

// Slow mode

test("one waits for one's turn, never longer than a turn is, and who moderates does not", () => {
  const slow = { ...PLAIN, slow_mode: 30, may_post_at: at(12) };
  assert.equal(waitIn(slow, NOON), 12_000);
  assert.equal(waitIn(slow, NOON + 13_000), 0);
  assert.equal(waitIn({ ...slow, may_post_at: at(3_600) }, NOON), 30_000);
  assert.equal(waitIn({ ...slow, may_post_at: null }, NOON), 0);
  assert.equal(waitIn({ ...slow, may_moderate: true }, NOON), 0);
  assert.equal(waitIn({ ...slow, slow_mode: 0 }, NOON), 0);
  assert.equal(isSlowFor(PLAIN), false);
});

test("a turn that is to come is kept until the server tells another", () => {
  const rooms = new RoomList();
  rooms.wait(3, 30, NOON);
  assert.equal(rooms.get(3), null);
  rooms.merge({ ...PLAIN, slow_mode: 30, may_post_at: null });
  rooms.wait(3, 30, NOON);
  rooms.merge({ id: 3, name: "another" });
  assert.equal(waitIn(rooms.get(3), NOON), 30_000);
  rooms.merge({ id: 3, may_post_at: null });
  assert.equal(waitIn(rooms.get(3), NOON), 0);
});

test("a moderator's unread messages are counted as any member's", () => {
  const rooms = new RoomList();
  rooms.merge({ ...MODERATED, last_seq: 5, last_read: 3 });
  assert.equal(rooms.unread(3), 2);
});

test("paces and what is left of one are said in short", () => {
  assert.deepEqual([5, 90, 60, 300, 3_600, 21_600].map(paceName), ["5 s", "90 s", "1 min", "5 min", "1 h", "6 h"]);
  assert.deepEqual([100, 12_000, 59_001, 245_000, 3_600_000].map(countdown), ["1 s", "12 s", "1:00", "4:05", "1:00:00"]);
});
