import assert from "node:assert/strict";
import { test } from "node:test";

import { cents, compare, divide, isAmount, sum, text, units } from "../../static/js/protocol/money.js";

test("an amount has two places and no separators", () => {
  assert.equal(cents("48000.00"), 4_800_000n);
  assert.equal(cents("999999999999.99"), 99_999_999_999_999n);
  for (const wrong of ["48000", "48000.0", "048.00", "1,000.00", "-1.00", "1000000000000.00", "1.00\n", "1e3", 1, null]) {
    assert.equal(isAmount(wrong), false);
    assert.throws(() => cents(wrong), RangeError);
  }
});

test("a decimal number keeps its places, and loses none in silence", () => {
  assert.deepEqual(
    ["0.95", "1", "87.4", "-3", "2.500"].map((each) => units(each)),
    [95n, 100n, 8740n, -300n, 250n],
  );
  assert.equal(units("0.965", 6), 965_000n);
  for (const wrong of ["0.955", "", ".5", "5.", "1e2", "٣", null, 5]) assert.throws(() => units(wrong), RangeError);
});

test("numbers are printed with all their places", () => {
  assert.deepEqual(
    [0n, 5n, -5n, 4_800_000n].map((each) => text(each)),
    ["0.00", "0.05", "-0.05", "48000.00"],
  );
  assert.equal(text(-12n, 0), "-12");
});

test("a half is rounded away from nought, and nothing else is", () => {
  assert.deepEqual(
    [
      [5n, 2n],
      [-5n, 2n],
      [5n, -2n],
      [7n, 3n],
      [8n, 3n],
      [0n, 9n],
    ].map(([a, b]) => divide(a, b)),
    [3n, -3n, -3n, 2n, 3n, 0n],
  );
  assert.throws(() => divide(1n, 0n), RangeError);
});

test("sums and order of large numbers are exact", () => {
  assert.equal(sum([2n ** 60n, 1n]), 2n ** 60n + 1n);
  assert.deepEqual([3n, 2n ** 60n + 1n, 2n ** 60n].sort(compare), [3n, 2n ** 60n, 2n ** 60n + 1n]);
});
