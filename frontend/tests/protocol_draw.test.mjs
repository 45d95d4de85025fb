import assert from "node:assert/strict";
import { test } from "node:test";

import { utf8 } from "../../static/js/protocol/canonical.js";
import {
  byUtf8,
  codeBelongs,
  commitment,
  firmsByBestTicket,
  inLot,
  oneTimeCode,
  order,
  outOfLot,
  positions,
  randomness,
  tickets,
} from "../../static/js/protocol/draw.js";

// The example of draft-thomson-elegy-vrs-00: who is struck out changes nothing among the rest, so the first are enough.
const SECRET = utf8("totally not a bikeshed");
const COMMITTED = "950ea08d8d5fd3ae415b9967aba7a48aba39ca62a4d98f2e7fe25cb1b8f8c488";
const RANDOMNESS = "1.2.3.4.5.6./1.2.3.4.5.6./1.2.3.4.5.6./";
const FIRST_CODE = "5346f2efb5397a6788fc1f1d9c05c6d3f2abe9b7d16d8592a3695b6dbe9f2456";
const FIRST = [
  ["002ed527ae0a44a86c205d1cdba", "lavenderblush"],
  ["03f710be2b61a6f9c3f89aa5ab5", "blue"],
  ["08bab81380d7f0769cecf9969a8", "darkgoldenrod"],
  ["0c26494fa81f3aed8a9f66e77b7", "mediumvioletred"],
  ["0e1af5d1ccfd44de075cc0bb6d5", "bisque"],
  ["13a07cc9abf3b737e49a62b0634", "lightpink"],
];

test("the example of the draft", async () => {
  assert.equal(await commitment(SECRET, 10), COMMITTED);
  assert.equal(await oneTimeCode(SECRET, { iteration: 1, n: 10 }), FIRST_CODE);
  const labels = FIRST.map(([, label]) => label).sort();
  const places = await positions({ code: FIRST_CODE, randomness: RANDOMNESS, labels });
  assert.deepEqual(
    places.map(({ label, position }) => [position.slice(0, 27), label]),
    FIRST,
  );
  assert.deepEqual(
    await order({ code: FIRST_CODE, randomness: RANDOMNESS, labels }),
    FIRST.map(([, label]) => label),
  );
});

test("a code belongs to its commitment at its own place only", async () => {
  const second = await oneTimeCode(SECRET, { iteration: 2, n: 10 });
  assert.equal(await codeBelongs(FIRST_CODE, { iteration: 1, committed: COMMITTED, n: 10 }), true);
  assert.equal(await codeBelongs(second, { iteration: 2, committed: COMMITTED, n: 10 }), true);
  for (const iteration of [0, 2, 10, 1.5, "1", null]) {
    assert.equal(await codeBelongs(FIRST_CODE, { iteration, committed: COMMITTED, n: 10 }), false);
  }
  assert.equal(await codeBelongs(FIRST_CODE.toUpperCase(), { iteration: 1, committed: COMMITTED, n: 10 }), false);
});

test("the secret itself is never a code", async () => {
  await assert.rejects(oneTimeCode(SECRET, { iteration: 0 }), RangeError);
  await assert.rejects(oneTimeCode(SECRET, { iteration: 16 }), { name: "CodesUsedUp" });
});

test("randomness is everybody's, in the order of the labels, and then the sources", () => {
  const [a, b] = ["aa".repeat(32), "bb".repeat(32)];
  assert.equal(randomness({ B: b, A: a }, ["00123"]), `${a}/${b}/00123/`);
  assert.equal(randomness({ 10: b, 9: a }), `${b}/${a}/`);
  assert.throws(() => randomness({ A: a.toUpperCase() }), RangeError);
});

test("labels are in the order of their bytes", () => {
  assert.deepEqual(["\u{1f600}", "\uff5e", "b", "ab", "a", ""].sort(byUtf8), ["", "a", "ab", "b", "\uff5e", "\u{1f600}"]);
});

test("a label stands once, and a code is 64 hex digits", async () => {
  await assert.rejects(order({ code: FIRST_CODE, randomness: "x/", labels: ["A", "A"] }), RangeError);
  await assert.rejects(order({ code: "00", randomness: "x/", labels: ["A"] }), RangeError);
  await assert.rejects(order({ code: FIRST_CODE, randomness: "x/", labels: ["\ud800"] }), RangeError);
  assert.deepEqual(await order({ code: FIRST_CODE, randomness: "x/", labels: [] }), []);
});

test("a lot stands before every label where there are several", () => {
  assert.deepEqual(inLot(["A", "B"], { lot: "2", lots: 3 }), ["2:A", "2:B"]);
  assert.deepEqual(inLot(["A"], { lot: "1", lots: 1 }), ["A"]);
  assert.deepEqual(outOfLot(["2:A", "2:2:B"], { lot: "2", lots: 3 }), ["A", "2:B"]);
  assert.throws(() => outOfLot(["1:A"], { lot: "2", lots: 3 }), RangeError);
});

test("in a weighted draw a firm stands where its best ticket does", () => {
  assert.deepEqual(tickets({ B: 1, A: 2 }), ["A#1", "A#2", "B#1"]);
  assert.deepEqual(firmsByBestTicket(["A#2", "B#1", "A#1", "C#10"]), ["A", "B", "C"]);
  for (const counts of [{ A: 0 }, { A: 1.5 }, { A: "1" }]) assert.throws(() => tickets(counts), RangeError);
  for (const label of ["A", "A#0", "A#01", "#1", "A#1\n"]) assert.throws(() => firmsByBestTicket([label]), RangeError);
});
