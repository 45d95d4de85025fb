import assert from "node:assert/strict";
import { test } from "node:test";

import { METHODS, decide, ticketCount } from "../../static/js/protocol/methods.js";

const LIMITS = { upper: "60000.00", lower: "20000.00" };
const bid = (uscc, amount = "30000.00", more = {}) => ({
  uscc,
  amount,
  opened: true,
  eligible: true,
  credit: null,
  marks: [],
  ...more,
});
const priced = (amounts) => Object.entries(amounts).map(([uscc, amount]) => bid(uscc, amount));
const lot = (bids, more = {}) => ({
  bids,
  orders: { ranking: bids.map((each) => each.uscc) },
  parameters: {},
  minimum: 1,
  choice: null,
  ...more,
});

test("there are nine methods", () => {
  assert.deepEqual(Object.keys(METHODS), [
    "draw",
    "lowest",
    "mean",
    "lowest_draw",
    "credit_draw",
    "scored",
    "proposal",
    "auction",
    "direct",
  ]);
  assert.throws(() => decide("toString", lot([])), RangeError);
});

test("every reason, in the order in which it is asked; limits are inclusive", () => {
  const bids = [
    bid("A", null, { opened: false, eligible: false }),
    bid("B", null, { opened: false }),
    bid("C", null),
    bid("D", "60000.01"),
    bid("E", "19999.99"),
    bid("F", "60000.00"),
    bid("G", "20000.00"),
  ];
  const result = decide("lowest", lot(bids, { parameters: LIMITS }));
  assert.deepEqual(result.invalid, {
    A: "ineligible",
    B: "unreadable",
    C: "no_amount",
    D: "above_upper",
    E: "below_lower",
  });
  assert.deepEqual(result.ranking, ["G", "F"]);
});

test("with fewer valid entrants than the minimum, or none, a lot fails", () => {
  for (const [bids, minimum] of [
    [[bid("A"), bid("B", null)], 2],
    [[], 0],
  ]) {
    const result = decide("lowest", lot(bids, { minimum }));
    assert.deepEqual([result.winner, result.amount, result.ranking, result.failed], [null, null, [], "too_few"]);
  }
});

test("an order of other firms is refused", () => {
  for (const ranking of [["A"], ["A", "B", "C"], ["A", "A"], undefined]) {
    assert.throws(() => decide("lowest", lot([bid("A"), bid("B")], { orders: { ranking } })), RangeError);
  }
  assert.throws(() => decide("lowest", lot([bid("A"), bid("A")])), RangeError);
});

test("draw: the first valid one at the owner's price", () => {
  const bids = [bid("A", null), bid("B", null, { eligible: false }), bid("C", null)];
  const result = decide("draw", lot(bids, { orders: { ranking: ["B", "C", "A"] }, parameters: { price: "48000.00" } }));
  assert.deepEqual([result.winner, result.amount, result.ranking], ["C", "48000.00", ["C", "A"]]);
});

test("lowest: the draw breaks ties", () => {
  const bids = priced({ A: "3.00", B: "2.00", C: "2.00", D: "10.00" });
  const result = decide("lowest", lot(bids, { orders: { ranking: ["D", "C", "B", "A"] } }));
  assert.deepEqual([result.ranking, result.amount], [["C", "B", "A", "D"], "2.00"]);
});

test("mean: up to five are all in the mean, and the nearest wins, then the lower", () => {
  const bids = priced({ A: "100.00", B: "90.00", C: "110.00", D: "80.00" });
  const result = decide("mean", lot(bids, { orders: { ranking: ["A", "B", "C", "D"], coefficient: ["1", "0.95"] } }));
  assert.equal(result.reference, "95.00");
  assert.deepEqual(result.ranking, ["B", "A", "D", "C"]);
  assert.deepEqual([result.winner, result.amount], ["B", "90.00"]);
});

test("mean: of six one highest and one lowest are dropped, the later in the draw, and stand last", () => {
  const bids = priced({ A: "100.00", B: "100.00", C: "90.00", D: "90.00", E: "95.00", F: "96.00" });
  const orders = { ranking: ["A", "B", "C", "D", "E", "F"], coefficient: ["0.98"] };
  const result = decide("mean", lot(bids, { orders }));
  assert.equal(result.reference, "93.35"); // 381.00 / 4 × 0.98 = 93.345
  assert.deepEqual(result.ranking, ["E", "F", "C", "A", "D", "B"]);
  const alike = priced(Object.fromEntries(["A", "B", "C", "D", "E", "F"].map((uscc) => [uscc, "50.00"])));
  assert.deepEqual(decide("mean", lot(alike, { orders })).ranking, ["A", "B", "C", "D", "E", "F"]);
  assert.equal(decide("mean", lot(bids, { orders, parameters: { trim_over: "6" } })).ranking.at(-1), "B");
});

test("mean: the reference is rounded once, from the exact quotient", () => {
  // 0.25 / 7 × 0.98 is 0.035; with a mean of 28 digits it would be 0.03499…
  const bids = priced({ A: "0.03", B: "0.03", C: "0.03", D: "0.04", E: "0.04", F: "0.04", G: "0.04" });
  const orders = { ranking: bids.map((each) => each.uscc), coefficient: ["0.98"] };
  assert.equal(decide("mean", lot(bids, { orders, parameters: { trim_over: "7" } })).reference, "0.04");
  const half = priced({ A: "0.01", B: "0.02" }); // 0.015 × 1
  assert.equal(decide("mean", lot(half, { orders: { ranking: ["A", "B"], coefficient: ["1.00"] } })).reference, "0.02");
});

test("lowest_draw: all that tie with the k-th enter, and the draw decides among them", () => {
  const bids = priced({ A: "1.00", B: "2.00", C: "2.00", D: "3.00", E: "4.00" });
  const orders = { ranking: ["E", "D", "C", "A", "B"] };
  const result = decide("lowest_draw", lot(bids, { orders, parameters: { k: "2" } }));
  assert.deepEqual([result.ranking, result.winner, result.amount], [["C", "A", "B", "D", "E"], "C", "2.00"]);
  assert.deepEqual(decide("lowest_draw", lot(bids, { orders, parameters: { k: "9" } })).ranking, orders.ranking);
  for (const k of ["0", "", "1.5", "-1", undefined])
    assert.throws(() => decide("lowest_draw", lot(bids, { orders, parameters: { k } })), RangeError);
});

test("credit_draw: the best by credit, by their best tickets, and the owner picks from the short list", () => {
  const bids = [
    ["A", "90.00"],
    ["B", "85.00"],
    ["C", "80.00"],
    ["D", "80.00"],
    ["E", null],
  ].map(([uscc, credit]) => bid(uscc, null, { credit }));
  const orders = { ranking: ["E#1", "D#3", "B#8", "D#1", "C#2", "A#5", "A#1", "B#1"] };
  const parameters = { long_list: "3", short_list: "2" };
  const waiting = decide("credit_draw", lot(bids, { orders, parameters }));
  assert.deepEqual([waiting.winner, waiting.amount, waiting.failed], [null, null, null]);
  assert.deepEqual(waiting.ranking, ["D", "B", "A", "C", "E"]); // C ties with D at 80.00 and stands later in the draw
  assert.deepEqual(waiting.working, { best: ["A", "B", "D"], open: ["D", "B"] });
  const picked = decide("credit_draw", lot(bids, { orders, parameters, choice: { uscc: "B", reason: "离得近" } }));
  assert.deepEqual([picked.winner, picked.ranking, picked.reason], ["B", ["B", "D", "A", "C", "E"], "离得近"]);
  for (const choice of [..."AEX"].map((uscc) => ({ uscc, reason: "离得近" })).concat({ uscc: "B", reason: " " }))
    assert.throws(() => decide("credit_draw", lot(bids, { orders, parameters, choice })), RangeError);
  assert.deepEqual([null, "0.00", "14.99", "15.00", "84.99", "100.00"].map(ticketCount), [1, 1, 1, 2, 8, 10]);
});

test("scored: three parts, each rounded, the highest total first", () => {
  const parameters = { weights: { price: "30", quality: "50", record: "20" } };
  const bids = [
    bid("A", "300.00", { marks: ["60", "100", "80.50", "80.50", "80"], credit: "87.40" }),
    bid("B", "200.00", { marks: ["90", "70"], credit: "50.00" }),
    bid("C", "200.00", { marks: [], credit: null }),
  ];
  const result = decide("scored", lot(bids, { parameters }));
  assert.deepEqual(result.scores, {
    A: { price: "20.00", quality: "40.17", record: "17.48", total: "77.65" },
    B: { price: "30.00", quality: "40.00", record: "10.00", total: "80.00" },
    C: { price: "30.00", quality: "0.00", record: "0.00", total: "30.00" },
  });
  assert.deepEqual([result.ranking, result.amount], [["B", "A", "C"], "200.00"]);
  assert.throws(
    () => decide("scored", lot(bids, { parameters: { weights: { price: "30", quality: "50", record: "19" } } })),
    RangeError,
  );
  assert.throws(() => decide("scored", lot(bids)), RangeError);
});

test("scored: equal totals go to the lower amount, and an amount of nought breaks nothing", () => {
  const parameters = { weights: { price: "0", quality: "100", record: "0" } };
  const bids = [
    bid("A", "2.00", { marks: ["50"] }),
    bid("B", "1.00", { marks: ["50"] }),
    bid("C", "1.00", { marks: ["50"] }),
  ];
  assert.deepEqual(decide("scored", lot(bids, { parameters })).ranking, ["B", "C", "A"]);
  const free = priced({ A: "0.00", B: "1.00" });
  const { scores } = decide("scored", lot(free, { parameters: { weights: { price: "100", quality: "0", record: "0" } } }));
  assert.deepEqual([scores.A.price, scores.B.price], ["100.00", "0.00"]);
});

test("proposal: the owner picks among the valid ones", () => {
  const bids = [...priced({ A: "1.00", B: "2.00" }), bid("C", null)];
  assert.equal(decide("proposal", lot(bids)).winner, null);
  const choice = { uscc: "B", reason: "更完整", reasons: { A: "缺一章", B: "完整" } };
  const result = decide("proposal", lot(bids, { choice }));
  assert.deepEqual([result.winner, result.amount, result.ranking], ["B", "2.00", ["B", "A"]]);
  assert.deepEqual([result.reason, result.reasons], [choice.reason, choice.reasons]);
  const wrong = [{ A: "缺一章" }, { A: "缺一章", B: " " }, { ...choice.reasons, C: "没有报价" }, undefined];
  for (const each of [...wrong.map((reasons) => ({ ...choice, reasons })), { ...choice, uscc: "C" }])
    assert.throws(() => decide("proposal", lot(bids, { choice: each })), RangeError);
  assert.throws(() => decide("lowest", lot(bids, { choice })), RangeError);
});

test("auction: the lowest offer, without a draw", () => {
  const result = decide("auction", lot([...priced({ A: "3.00", B: "2.50" }), bid("C", null)], { orders: {} }));
  assert.deepEqual(
    [result.winner, result.amount, result.ranking, result.invalid],
    ["B", "2.50", ["B", "A"], { C: "no_amount" }],
  );
});

test("auction: two equal last offers cannot be", () => {
  assert.throws(() => decide("auction", lot(priced({ A: "3.00", B: "3.00" }), { orders: {} })), RangeError);
});

test("direct: the firm that the owner names, at the owner's price, whatever its envelope says", () => {
  const bids = [bid("B", "70000.00"), bid("A", null), bid("C", null, { eligible: false })];
  const parameters = { price: "50000.00", ground: "金额在限额以内" };
  const waiting = decide("direct", { bids, parameters });
  assert.deepEqual([waiting.winner, waiting.ranking, waiting.invalid], [null, ["A", "B"], { C: "ineligible" }]);
  const result = decide("direct", { bids, parameters, choice: { uscc: "B", reason: "做过前期" } });
  assert.deepEqual([result.winner, result.amount, result.ranking], ["B", "50000.00", ["B", "A"]]);
});
