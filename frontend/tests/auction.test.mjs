import assert from "node:assert/strict";
import { test } from "node:test";

import { read, target, timeOfDay } from "../../static/js/auction/state.js";

const AT = (seconds) => new Date(Date.UTC(2026, 10, 25, 1, 0, seconds)).toISOString();
const known = { n: 3, moved: Date.parse(AT(5)), now: Date.parse(AT(10)) };
const offers = (from, to) => Array.from({ length: to - from + 1 }, (_, place) => ({ n: from + place }));
const message = (since, n, { moved = n + 2, seconds = 11, count = n } = {}) => ({
  since, n, count, offers: offers(since + 1, n), moved_at: AT(moved), now: AT(seconds),
});

test("the next push brings what is lacking", () => {
  const found = read(known, message(3, 5));
  assert.deepEqual(found.fresh, [{ n: 4 }, { n: 5 }]);
  assert.deepEqual([found.newer, found.lacking, found.known.n], [true, false, 5]);
});

test("a push that overlaps adds nothing twice", () => {
  assert.deepEqual(read(known, message(1, 4)).fresh, [{ n: 4 }]);
  assert.deepEqual(read(known, message(0, 3)).fresh, []);
});

test("a push after a gap shows nothing and asks", () => {
  assert.deepEqual(read(known, message(4, 6)), { known: {}, fresh: [], newer: false, lacking: true });
});

test("offers of an answer that was overtaken by a pause are added once, and its state is not shown", () => {
  const paused = { ...known, moved: Date.parse(AT(30)) };
  const found = read(paused, message(3, 4, { seconds: 40 }));
  assert.deepEqual([found.fresh, found.newer, found.known], [[{ n: 4 }], false, { n: 4 }]);
});

test("an answer that was overtaken is not shown", () => {
  assert.equal(read(known, message(1, 2)).newer, false);
  assert.equal(read(known, message(3, 3, { seconds: 9 })).newer, false);
});

test("a page of a long list asks for the rest", () => {
  assert.equal(read(known, message(3, 1003, { count: 5000 })).lacking, true);
});

test("times are Ningbo's to the millisecond", () => {
  assert.equal(timeOfDay("2026-11-25T16:01:02.003Z"), "00:01:02.003");
  assert.equal(timeOfDay("2026-11-25T16:01:02.003Z", { seconds: true }), "00:01:02");
});

test("what is counted down to is the start, then the end, and nothing in a pause", () => {
  const state = { starts_at: "a", ends_at: "b" };
  assert.deepEqual(["scheduled", "running", "paused", "ended"].map((each) => target({ ...state, state: each })), ["a", "b", null, null]);
});
