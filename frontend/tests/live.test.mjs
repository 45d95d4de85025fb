import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff, jitter } from "../../static/js/live.js";

test("waits double up to their most", () => {
  assert.deepEqual([0, 1, 2, 10].map((failures) => backoff(failures, 2_000, 60_000)), [2_000, 4_000, 8_000, 60_000]);
});

test("what a thousand watchers do is spread between the bounds", () => {
  assert.equal(jitter(100, 200, () => 0), 100);
  assert.equal(jitter(100, 200, () => 0.5), 150);
});
