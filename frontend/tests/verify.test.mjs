import assert from "node:assert/strict";
import { test } from "node:test";

import { sha256Hex, toBase64 } from "../../static/js/protocol/canonical.js";
import { GROUPS } from "../../static/js/protocol/check.js";
import { CHAIN_LENGTH, commitment, oneTimeCode, order, randomness } from "../../static/js/protocol/draw.js";
import { generateKeypair, plaintext, sealBoth } from "../../static/js/protocol/envelope.js";
import { problemsOf } from "../../static/js/protocol/parameters.js";
import { BadRecord, isTime, readRecord } from "../../static/js/protocol/record.js";
import { verify } from "../../static/js/protocol/verify.js";
import { lineOf } from "../../static/js/verify/lines.js";
import { pin, pinned, samePins } from "../../static/js/verify/pins.js";
import { siteChecks } from "../../static/js/verify/site.js";
import { firmOf, told } from "../../static/js/verify/steps.js";
import { changeable, tampered, tempting, typedAmount } from "../../static/js/verify/tampering.js";
import { nameOf, verdictOf } from "../../static/js/verify/view.js";
import { Words, moment, money, short } from "../../static/js/verify/words.js";

const ROUND = "R202611250001";
const AMOUNTS = { A: "52000.00", B: "48000.00", C: "50000.00" };
const SECRET = new Uint8Array(32).fill(7);

async function entryOf(uscc, amount, keys) {
  const whose = { round: ROUND, lot: "1", uscc };
  const nonce = await sha256Hex(new TextEncoder().encode(uscc));
  const locks = { platform: keys.platform.public, custodian: keys.custodian.public, whose };
  const envelope = await sealBoth(plaintext(whose, { amount, days: 20, nonce, files: [] }), locks);
  const sealed = { envelope: toBase64(envelope), sha256: await sha256Hex(envelope), opened: true };
  return { uscc, name: `${uscc} 公司`, ...sealed, amount, days: 20, nonce, valid: true, reason: null, credit: null, scores: {} };
}

/** A decided round by the lowest price, without the log. */
async function made() {
  const keys = { platform: await generateKeypair(), custodian: await generateKeypair() };
  const entries = await Promise.all(Object.entries(AMOUNTS).map(([uscc, amount]) => entryOf(uscc, amount, keys)));
  const labels = entries.map((each) => each.uscc);
  const random = randomness(Object.fromEntries(entries.map((each) => [each.uscc, each.nonce])));
  const code = await oneTimeCode(SECRET, { iteration: 1 });
  const drawn = { purpose: "ranking", iteration: 1, one_time_code: code, randomness: random, labels };
  const result = { winner: "B", amount: AMOUNTS.B, reference: null, ranking: ["B", "C", "A"], failed: null, reason: null };
  const at = "2026-11-25T00:00:00.000Z";
  const event = (each) => ({ type: "envelope.received", at, round: ROUND, lot: "1", uscc: each.uscc, sha256: each.sha256 });
  return {
    v: 1,
    round: ROUND,
    status: "awarded",
    method: "lowest",
    parameters: { upper: "60000.00" },
    policy: { version: "test", minimum: 1 },
    timetable: { closes_at: "2026-11-25T01:00:00.000Z", opened_at: "2026-11-25T01:00:01.000Z" },
    keys,
    commitment: { value: await commitment(SECRET), n: CHAIN_LENGTH, sources: [] },
    checkpoints: { announced: null, closed: null, opened: null },
    lots: [{ lot: "1", entries, offers: [], marks: [], draws: [{ ...drawn, order: await order({ ...drawn, code }) }], result }],
    events: entries.map((each) => ({ event: event(each) })),
    log: [],
  };
}

const honest = JSON.stringify(await made());

async function checksOf(text) {
  const checks = [];
  for await (const each of verify(readRecord(text))) checks.push(each);
  return checks;
}

const wrong = (checks) => checks.filter((each) => each.holds === false).map((each) => each.what);
const words = new Words(
  new Map([
    ["comma", "、"],
    ["way-ascending", "{amounts}"],
    ["won", "{firm} {amount}"],
    ["check-opens", "{firm} opens"],
    ["differs", "{text}: {should}, not {says}"],
    ["length-minutes", "{n} min"],
    ["length-seconds", "{n} s"],
  ]),
);

test("an honest record holds in every step that it can be checked in", async () => {
  const checks = await checksOf(honest);
  assert.deepEqual(wrong(checks), []);
  const states = GROUPS.map((group) => verdictOf(checks.filter((each) => each.group === group)));
  assert.deepEqual(states, [null, null, true, true, true, true, null]); // the log is not in it
  assert.deepEqual(states.map(nameOf).slice(-2), ["holds", "open"]);
});

test("a changed amount shows where it was opened and in the arithmetic", async () => {
  const { kind, firms } = changeable(readRecord(honest));
  assert.deepEqual([kind, firms.map((each) => each.uscc)], ["amount", ["A", "C", "B"]]); // whoever has lost first
  const amount = tempting(firms);
  assert.equal(amount, "47999.00");
  const checks = await checksOf(tampered(honest, { kind, lot: "1", uscc: "A", amount }));
  assert.deepEqual(wrong(checks), ["opens", "winner", "amount", "ranking"]);
  const record = readRecord(honest);
  const line = lineOf(checks.find((each) => each.holds === false), { record, words });
  assert.equal(line.replaceAll("\u00a0", " "), "A 公司 opens: ¥ 52,000.00, not ¥ 47,999.00");
});

test("without amounts the winner can be changed, and nothing where nobody else entered", () => {
  const record = readRecord(honest);
  for (const entry of record.lots[0].entries) entry.amount = null;
  assert.deepEqual(changeable(record).firms.map((each) => each.uscc), ["A", "C"]);
  assert.equal(JSON.parse(tampered(honest, { kind: "winner", lot: "1", uscc: "A" })).lots[0].result.winner, "A");
  record.lots[0].entries = record.lots[0].entries.filter((each) => each.uscc === "B");
  assert.equal(changeable(record), null);
  assert.equal(changeable(null), null);
  assert.deepEqual([typedAmount("４8,000"), typedAmount("x")], ["48000.00", null]);
});

test("the arithmetic is told with the amounts of the round, and each firm has its row", async () => {
  const record = readRecord(honest);
  const checks = await checksOf(honest);
  const { sentences, tables } = told("method", { record, checks, words });
  assert.ok(sentences.map((each) => each.replaceAll("\u00a0", " ")).includes("B 公司 ¥ 48,000.00、C 公司 ¥ 50,000.00、A 公司 ¥ 52,000.00"));
  assert.deepEqual(tables[0].rows.map((row) => [row.place, row.firm, row.told, row.won]), [
    ["1", "B 公司", "1", true],
    ["2", "C 公司", "2", false],
    ["3", "A 公司", "3", false],
  ]);
  for (const group of GROUPS) assert.ok(told(group, { record, checks, words }).sentences, group);
  assert.equal(told("opened", { record, checks, words }).tables[0].rows.length, 3);
  const sealed = told("sealed", { record, checks, words }).tables[0].rows;
  assert.deepEqual(sealed.map((row) => row.holds), [null, null, null]); // the log is not there yet: neither right nor wrong
  assert.deepEqual(["A", "2:A", "2:A#3"].map((label) => firmOf(label, "2", 2)), ["A", "A", "A"]);
});

test("a round that is not opened says so in every step that has to wait", async () => {
  const record = JSON.parse(honest);
  record.timetable.opened_at = null;
  for (const pair of Object.values(record.keys)) pair.private = null;
  Object.assign(record, { events: [], lots: [{ ...record.lots[0], entries: [], draws: [], result: null }] });
  const checks = await checksOf(JSON.stringify(record));
  assert.deepEqual(wrong(checks), []);
  const waiting = checks.filter((each) => each.what === "not-opened").map((each) => each.group);
  assert.deepEqual(waiting, ["sealed", "keys", "opened", "draw", "method"]);
});

test("what is no record is said where", () => {
  for (const [change, where] of [
    [(record) => delete record.lots, "lots"],
    [(record) => (record.timetable.closes_at = "2026-02-30T00:00:00.000Z"), "timetable.closes_at"],
    [(record) => (record.lots[0].entries[0].amount = "12"), "lots.0.entries.0.amount"],
  ]) {
    const record = JSON.parse(honest);
    change(record);
    assert.throws(() => readRecord(JSON.stringify(record)), (error) => error instanceof BadRecord && error.where === where);
  }
  for (const text of ["", "{", "[]", "null", '"x"']) assert.throws(() => readRecord(text), BadRecord);
  assert.equal(isTime("2024-02-29T23:59:59.999Z"), true);
  for (const text of ["2026-11-25T24:00:00.000Z", "2026-11-25T00:00:00Z", "0000-01-01T00:00:00.000Z", null]) assert.equal(isTime(text), false);
});

function memory() {
  const held = new Map();
  return { getItem: (name) => held.get(name) ?? null, setItem: (name, value) => held.set(name, value) };
}

test("keys are remembered, and others are noticed", async () => {
  const keys = { log: "log+1+AA", custodian: "custodian+2+BB" };
  const shows = (shown) => async (path) => {
    if (path === "vkey") return `${shown.log}\nreceipt\n`;
    if (path === "witnesses") return `${shown.custodian}\n`;
    throw new Error("not there");
  };
  const run = async (fetchText, storage) => {
    const found = [];
    for await (const each of siteChecks({ proof: keys }, fetchText, storage)) found.push([each.what, each.holds]);
    return found;
  };
  const storage = memory();
  const same = ["live-keys", true];
  const offline = ["unreachable", null];
  assert.deepEqual(await run(shows(keys), storage), [["remembered-now", true], same, offline]);
  assert.deepEqual(await run(shows(keys), storage), [["remembered", true], same, offline]);
  const other = { ...keys, custodian: "custodian+3+CC" };
  assert.deepEqual(await run(shows(other), storage), [["remembered", false], ["live-keys", false], offline]);
  assert.deepEqual(await run(() => Promise.reject(new Error("offline")), storage), [offline, same]);
  assert.ok(samePins(pinned(storage), keys));
  assert.ok(pin(other, { storage }));
  assert.deepEqual(await run(shows(other), storage), [["remembered", true], ["live-keys", false], offline]);
  assert.equal(pinned({ getItem: () => "{" }), null);
  assert.equal(pin(keys, { storage: {} }), false);
});

test("parameters are checked as in Python", () => {
  const code = (method, parameters) => problemsOf(method, parameters).map((each) => `${each.field} ${each.code}`).join();
  assert.equal(code("lowest", { upper: "1.00", lower: "" }), "");
  assert.equal(code("lowest", { upper: "1.00", lower: "2.00" }), "upper below_lower");
  assert.equal(code("lowest", { price: "1.00" }), "price unknown");
  assert.equal(code("draw", { price: "0.00" }), "price not_positive");
  assert.equal(code("mean", { coefficients: ["0.95", "0.950"] }), "coefficients repeated");
  assert.equal(code("scored", { weights: { price: "50", quality: "30", record: "19" } }), "weights not_hundred");
  assert.equal(code("credit_draw", { price: "1.00", long_list: "2", short_list: "3" }), "short_list beyond_long_list");
  assert.equal(code("direct", { price: "1.00", ground: " " }), "ground required");
});

test("numbers as people read them", () => {
  assert.equal(moment("2026-11-25T00:00:00.000Z"), "2026-11-25 08:00:00");
  assert.equal(moment(1_764_000_000), "2025-11-25 00:00:00");
  assert.deepEqual([moment(null), moment("x"), short(null), money(null)], ["–", "–", "–", "–"]);
  assert.equal(short("ab".repeat(32)), "abababababab…");
  assert.deepEqual([words.length(119), words.length(120)], ["119 s", "2 min"]);
  assert.equal(words.say("way-ascending"), "–");
  assert.equal(words.say("unknown"), "unknown");
});
