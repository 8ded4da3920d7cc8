import assert from "node:assert/strict";
import { test } from "node:test";
import { Manager } from "socket.io-client";
import { RECONNECT } from "../../../rooms/static/rooms/socket.js";

const CLIENTS = 1_000;
const CONNECTING = 20; // milliseconds until an attempt is refused

/** When each of many clients that lose a server at 0 has found it again, if it is back at `back`; milliseconds, sorted. */
function returns(back) {
  const times = Array.from({ length: CLIENTS }, () => {
    // The waits are those of the official client, as it makes them.
    const { backoff } = new Manager("http://127.0.0.1:1", { autoConnect: false, ...RECONNECT });
    let now = backoff.duration();
    while (now < back) now += CONNECTING + backoff.duration();
    return now;
  });
  return times.sort((a, b) => a - b);
}

/** The largest part of all that comes within one second. */
function crowd(times) {
  const within = times.map((start, at) => times.filter((time, other) => other >= at && time < start + 1_000).length);
  return Math.max(...within) / CLIENTS;
}

test("after a restart of two seconds all are back within six, and not in the same second", () => {
  const times = returns(2_000);
  assert.ok(times.at(-1) <= 6_100, `the last after ${times.at(-1)}`);
  assert.ok(crowd(times) < 0.5, `${crowd(times)} in one second`);
});

test("a shorter one is felt as a pause of at most three and a half seconds", () => {
  const times = returns(300);
  assert.ok(times.at(-1) <= 3_500);
  assert.ok(times[CLIENTS / 2] <= 2_200);
  assert.ok(crowd(times) < 0.5);
});

test("after a long outage they are back within four seconds, as widely spread", () => {
  for (const back of [60_000, 600_000]) {
    const times = returns(back);
    assert.ok(times.at(-1) - back <= 4_100);
    assert.ok(crowd(times) < 0.5, `${crowd(times)} in one second`);
  }
});
