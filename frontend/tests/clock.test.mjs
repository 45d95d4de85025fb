import assert from "node:assert/strict";
import { test } from "node:test";

import { learnClock, momentPassed, parts, serverNow, shown } from "../../static/js/countdown.js";

const WORDS = { days: "天", hours: "时", minutes: "分", seconds: "秒" };
const told = (milliseconds) => shown(parts(milliseconds), WORDS).map((pair) => pair.join("")).join("");

test("what is left is told in the largest units, and never as less than nothing", () => {
  assert.equal(told(90_061_000), "1天01时01分");
  assert.equal(told(3_600_000), "1时00分00秒");
  assert.equal(told(59_001), "1分00秒");
  assert.equal(told(-5_000), "0分00秒");
});

test("a moment is said aloud once, when it is passed", () => {
  assert.equal(momentPassed(61, 60), 60);
  assert.equal(momentPassed(60, 59), null);
  assert.equal(momentPassed(1, -3), 0);
});

test("the server's clock corrects ours", () => {
  learnClock(1_000_500, 1_000_000);
  assert.equal(serverNow(2_000_000), 2_000_500);
  learnClock(1_000_000, 1_000_000);
});
