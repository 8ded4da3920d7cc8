import assert from "node:assert/strict";
import { test } from "node:test";
import { LASTING, timeIn } from "../../../rooms/static/rooms/models/durations.js";

const NOON = Date.parse("2026-03-02T12:00:00Z");

test("a span that is chosen ends at a time, and the one without an end never", () => {
  const ends = LASTING.filter(({ isMoment }) => !isMoment).map(({ seconds }) => timeIn(seconds, NOON));
  assert.deepEqual(ends.slice(0, 3), ["2026-03-02T12:10:00.000Z", "2026-03-02T13:00:00.000Z", "2026-03-03T12:00:00.000Z"]);
  assert.equal(ends.at(-1), null);
  assert.equal(timeIn(-600, NOON), "2026-03-02T11:50:00.000Z");
});
