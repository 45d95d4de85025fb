// The experts of a round, checked (PROTOCOL §3, §5): the pool frozen at closing, who was drawn, who replaced whom, their marks;
// the twin of protocol/verify_experts.py.

import { encode, fromHex, isHex, joined, sha256Hex } from "./canonical.js";
import { check, digestOf, isObject, sameJson } from "./check.js";
import { byUtf8, inLot, outOfLot } from "./draw.js";

export const EXPERTS = "experts";
const ASKED = "draw.asked";
const FIRST = 1;
const BLIND_OCTETS = 16;
const SUBMITTED = "submitted";
const OUT = ["declined", "conflict", "absent"];
const TOO_FEW_EXPERTS = "too_few_experts";
const CODES_USED_UP = "codes_used_up";
/** Why a lot fails that had enough valid entrants: its panel could not be filled. */
const FAILURES = [TOO_FEW_EXPERTS, CODES_USED_UP];

/** @param {import("./record.js").Lot} lot @returns {boolean} */
export function failedForExperts({ result }) {
  return result !== null && FAILURES.includes(result.failed);
}

/**
 * The panel of a lot that was decided by marks, or failed for want of experts.
 *
 * @param {import("./record.js").Record} record
 * @param {import("./record.js").Lot} lot
 * @param {string[]} valid the firms that were marked
 */
export function* expertChecks(record, lot, valid) {
  const of = { lot: lot.number };
  const [pool, size] = [codesOf(record), record.experts];
  if (pool === null || size === null) {
    yield check("draw", "experts-pool", false, of);
    return;
  }
  const { seats, rounds, holds } = seated(record, lot, pool);
  yield check("draw", "experts-labels", holds, { ...of, pool: pool.length, size, rounds });
  const told = lot.experts.map(({ code = null, iteration = null }) => [code, iteration]);
  const same = sameJson(inOrder(told), inOrder(seats));
  yield check("draw", "experts-drawn", same, { ...of, computed: seats, published: told });
  const out = lot.experts.filter((each) => OUT.includes(each.status)).length;
  if (failedForExperts(lot)) {
    const numbers = { ...of, pool: pool.length, size, out, failed: lot.result.failed };
    yield check("method", "panel-short", wasShort(record, lot, { spare: pool.length - size, out }), numbers);
    return;
  }
  const answered = new Set(lot.experts.filter((each) => each.status === SUBMITTED).map((each) => String(each.code)));
  const whole = answered.size === size && answered.size + out === lot.experts.length;
  yield check("method", "panel-whole", whole, { ...of, size, out });
  const due = valid.flatMap((uscc) => [...answered].map((code) => [uscc, code]));
  const marked = lot.marks.map((each) => [each.uscc, each.expert]);
  const once = sameJson(inOrder(marked), inOrder(due));
  yield check("method", "marks-once", once, { ...of, experts: [...answered], firms: valid.length, marks: marked.length });
}

/** The codes of the pool; null unless they are texts in their order, none twice. */
function codesOf({ pool }) {
  const codes = pool?.codes;
  if (!Array.isArray(codes) || !codes.every((code) => typeof code === "string")) return null;
  return codes.every((code, place) => place === 0 || byUtf8(codes[place - 1], code) < 0) ? codes : null;
}

function inOrder(pairs) {
  const written = (pair) => JSON.stringify(pair);
  return [...pairs].sort((one, other) => byUtf8(written(one), written(other)));
}

/** Who must sit there by the draws, with the iteration, and whether each was over the labels that were left. */
function seated(record, lot, pool) {
  const where = { lot: lot.number, lots: record.lots.length };
  const seats = [];
  const rounds = [];
  const drawn = lot.draws.filter((each) => each.purpose === EXPERTS).sort((one, other) => one.iteration - other.iteration);
  let holds = drawn.length > 0 && drawn[0].iteration === FIRST;
  for (const { iteration, labels, order } of drawn) {
    const left = pool.filter((code) => !seats.some(([seat]) => seat === code));
    holds &&= sameJson(labels, inLot(left, where));
    const first = firstOf(order, where, iteration === FIRST ? record.experts : 1);
    seats.push(...first.map((code) => [code, iteration]));
    rounds.push({ iteration, left: left.length, seated: first });
  }
  return { seats, rounds, holds };
}

function firstOf(order, where, count) {
  try {
    return outOfLot(order, where).slice(0, count);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function wasShort({ log, chainLength }, { result }, { spare, out }) {
  if ((result.winner ?? null) !== null) return false;
  if (result.failed === TOO_FEW_EXPERTS) return out > spare;
  const asks = log.filter((each) => each.type === ASKED).length;
  return out <= spare && asks === chainLength - 1 - FIRST;
}

/**
 * Whether the pool of the record is the one that `round.closed` has.
 *
 * @param {import("./record.js").Record} record
 * @param {Object} closed the data of the entry
 * @returns {Promise<boolean | null>} null where the record keeps it back
 */
export async function poolIsLogged({ pool }, closed) {
  if (pool === null) return null;
  if (!isHex(pool.blind, BLIND_OCTETS)) return false;
  try {
    const c = await sha256Hex(joined(fromHex(pool.blind), encode({ experts: pool.codes ?? null })));
    return sameJson(closed.experts ?? null, { c });
  } catch {
    return false; // what JCS cannot hold agrees with nothing
  }
}

/** What `round.evaluated` says of experts and marks: their hash, without the comments, which are free text. */
export function panelsDigest({ lots }) {
  const told = lots.map(({ number, experts, marks }) => {
    const attended = experts.map(({ code = null, iteration = null, status = null }) => [code, iteration, status]);
    return [number, { experts: attended, marks: marks.map((each) => [each.uscc, each.expert, each.mark]) }];
  });
  return digestOf(Object.fromEntries(told));
}

/**
 * Every lost seat stands in the log before its replacement, and the order of these entries gives the iterations.
 *
 * @param {import("./record.js").Record} record
 * @param {{index: number, entry: Object}[]} read the entries about this round
 */
export function* asked({ lots, pool }, read) {
  const asks = read
    .filter(({ entry }) => entry.type === ASKED)
    .map(({ index, entry: { data } }, place) => ({ index, iteration: FIRST + 1 + place, data }))
    .filter(({ data }) => isObject(data) && data.purpose === EXPERTS);
  const told = asks.map(({ iteration, data: { lot = null, out = null } }) => [iteration, lot, out]);
  const lost = lots.flatMap(({ number, experts }) =>
    experts.filter((each) => (each.asked ?? null) !== null).map((each) => [each.asked, number, each.code ?? null]),
  );
  if (told.length || lost.length) {
    const keptBack = pool === null && lost.length === 0;
    const numbers = { asks: asks.map(({ index, iteration }) => ({ index, iteration })) };
    yield check("draw", "experts-asked", keptBack ? null : sameJson(inOrder(told), inOrder(lost)), numbers);
  }
  const drawn = lots.flatMap((lot) => lot.draws.filter((each) => each.purpose === EXPERTS).map((each) => each.iteration));
  const known = [FIRST, ...told.map(([iteration]) => iteration)];
  if (drawn.length) yield check("draw", "experts-beyond", drawn.every((iteration) => known.includes(iteration)));
}
