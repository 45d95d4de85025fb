// Computes a round again from its public record; the twin of protocol/verify.py, and with verify_log.js the same checks.
//
// Each check comes as soon as it is computed: `group` is the step of the round that it belongs to, `what` a code,
// `holds` whether it agrees, or null where the stage of the round keeps back what it takes. The rest are the numbers with
// which a person can follow it.

import { fromHex, sha256Hex, toHex } from "./canonical.js";
import { check, sameJson, wasEligible } from "./check.js";
import { codeBelongs, hashed, inLot, outOfLot, positions, randomness } from "./draw.js";
import { CannotOpen, InvalidPlaintext, PARTIES, publicOf, readPlaintext, unsealBoth } from "./envelope.js";
import { METHODS, decide, drawsOf, isMarked, isPicked } from "./methods.js";
import { problemsOf, termsOfLot } from "./parameters.js";
import { isTime } from "./record.js";
import { auctionChecks } from "./verify_auction.js";
import { EXPERTS, expertChecks, failedForExperts } from "./verify_experts.js";
import { followChecks } from "./verify_follow.js";
import { logChecks } from "./verify_log.js";
import { memberChecks } from "./verify_members.js";

const AFTER_OPENING = ["sealed", "keys", "opened", "draw", "method"];
const ENDED = ["failed", "cancelled", "void"];
/** The iteration that serves ranking and coefficient (PROTOCOL §3). */
const FIRST = 1;

/**
 * Every check that the record allows at its stage.
 *
 * @param {import("./record.js").Record} record
 * @returns {AsyncGenerator<import("./check.js").Check>}
 */
export async function* verify(record) {
  yield* contents(record);
  yield* memberChecks(record);
  yield* auctionChecks(record);
  yield* logChecks(record);
}

async function* contents(record) {
  const revealed = PARTIES.filter((party) => record.keys[party].private !== null).length;
  if (record.times.opened_at === null) {
    const told = record.lots.some((lot) => lot.entries.length || lot.draws.length) || record.events.length > 0;
    yield check("announced", "nothing-told", !told && revealed === 0);
    const what = ENDED.includes(record.status) ? "never-opened" : "not-opened";
    for (const group of AFTER_OPENING) yield check(group, what, null);
    return;
  }
  if (revealed === 0) {
    for (const group of AFTER_OPENING) yield check(group, "kept-back", null);
    return;
  }
  if (revealed < PARTIES.length) {
    yield check("keys", "keys-together", false);
    return;
  }
  yield* keys(record);
  yield* terms(record);
  for (const lot of record.lots) {
    yield* envelopes(record, lot);
    yield* draws(record, lot);
    yield* result(record, lot);
  }
  yield* received(record);
}

async function* keys(record) {
  for (const party of PARTIES) {
    const { public: announced, private: revealed } = record.keys[party];
    const computed = await publicOf(revealed).catch(() => null);
    yield check("keys", "key-fits", computed === announced, { party, announced, revealed, computed });
  }
}

function* terms(record) {
  const { method, lots } = record;
  if (Object.hasOwn(METHODS, method)) {
    const problems = lots.flatMap((lot) => problemsOf(method, termsOfLot(record, lot)));
    yield check("announced", "parameters", problems.length === 0, { problems });
  }
  for (const lot of lots) {
    const given = termsOfLot(record, lot);
    const same = Object.entries(lot.limits).every(([name, value]) => (given[name] || null) === value);
    yield check("announced", "limits", same, { lot: lot.number });
  }
}

/** Whether the method is known here and can make something of the parameters of a lot. */
function isUsable(record, lot) {
  return Object.hasOwn(METHODS, record.method) && problemsOf(record.method, termsOfLot(record, lot)).length === 0;
}

async function* envelopes(record, lot) {
  for (const entry of lot.entries) {
    const of = { lot: lot.number, uscc: entry.uscc, name: entry.name };
    const computed = entry.envelope && (await sha256Hex(entry.envelope));
    yield check("sealed", "digest", computed === entry.sha256, { ...of, published: entry.sha256, computed });
    const said = await opened(record, lot, entry);
    const { amount, days, nonce } = entry;
    const shut = entry.opened === false && amount === null && nonce === null;
    const agrees = entry.opened === true && said?.amount === amount && said.days === days && said.nonce === nonce;
    yield check("opened", "opens", said ? agrees : shut, { ...of, said, published: { amount, days, nonce } });
  }
}

/** What an envelope says, null where it does not open or says nothing well-formed. */
async function opened(record, lot, entry) {
  const whose = { round: record.round, lot: lot.number, uscc: entry.uscc };
  const locks = { platform: record.keys.platform.private, custodian: record.keys.custodian.private, whose };
  try {
    return readPlaintext(await unsealBoth(entry.envelope ?? new Uint8Array(), locks), whose);
  } catch (error) {
    if (error instanceof CannotOpen || error instanceof InvalidPlaintext || error instanceof RangeError) return null;
    throw error;
  }
}

/** The bids of a lot, as the methods take them. */
export function bidsOf(record, lot) {
  const offers = new Map(lot.offers.filter((offer) => offer.uscc).map((offer) => [offer.uscc, offer.amount])); // the last of each firm
  return lot.entries.map((entry) => ({
    uscc: entry.uscc,
    amount: record.method === "auction" ? (offers.get(entry.uscc) ?? null) : entry.amount,
    opened: entry.opened === true,
    eligible: wasEligible(entry),
    credit: entry.credit,
    marks: lot.marks.filter((each) => each.uscc === entry.uscc).map((each) => each.mark),
  }));
}

async function* draws(record, lot) {
  const usable = isUsable(record, lot);
  const wanted = usable ? drawsOf(record.method, { bids: bidsOf(record, lot), parameters: termsOfLot(record, lot) }) : {};
  if (usable && lot.result !== null) {
    const first = lot.draws.filter((each) => each.iteration === FIRST).map((each) => each.purpose);
    const every = Object.keys(wanted).every((purpose) => first.includes(purpose)) && new Set(first).size === first.length;
    if (first.length || Object.keys(wanted).length) yield check("draw", "every-draw", every, { lot: lot.number });
  }
  for (const drawn of lot.draws) {
    const known = Object.hasOwn(wanted, drawn.purpose) ? wanted[drawn.purpose] : [];
    const labels = inLot(known, { lot: lot.number, lots: record.lots.length });
    yield* oneDraw(record, lot, drawn);
    if (drawn.purpose === EXPERTS) continue;
    const of = { lot: lot.number, purpose: drawn.purpose, iteration: drawn.iteration };
    yield check("draw", "every-label", hasLabels(drawn, labels), of);
  }
}

async function* oneDraw(record, lot, drawn) {
  const of = { lot: lot.number, purpose: drawn.purpose, iteration: drawn.iteration };
  const told = lot.entries.map((entry) => [entry.uscc, (entry.opened ? entry.nonce : entry.sha256) ?? ""]);
  const chain = { iteration: drawn.iteration, committed: record.commitment, n: record.chainLength };
  const belongs = await codeBelongs(drawn.code, chain);
  const computed = belongs ? record.commitment : toHex(await hashed(fromHex(drawn.code), Math.min(drawn.iteration, 99)));
  yield check("draw", "code-belongs", belongs, { ...of, code: drawn.code, committed: record.commitment, computed });
  const random = await orNull(() => randomness(Object.fromEntries(told), record.sources));
  yield check("draw", "randomness", random === drawn.randomness, { ...of, told, random });
  const placed = await orNull(() => positions(drawn));
  const agrees = placed !== null && sameJson(placed.map((place) => place.label), drawn.order);
  yield check("draw", "order", agrees, { ...of, places: placed ?? [], published: drawn.order });
}

/** Iteration 1 is over all labels, a later one over those that are left. */
function hasLabels(drawn, labels) {
  if (labels.length === 0) return null;
  if (drawn.iteration === FIRST) return sameJson(drawn.labels, labels);
  return drawn.labels.every((label) => labels.includes(label));
}

/** What is malformed agrees with nothing. */
async function orNull(compute) {
  try {
    return await compute();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

async function* result(record, lot) {
  const of = { lot: lot.number };
  if (lot.result === null || !isUsable(record, lot)) {
    yield check("method", "undecided", null, of);
    return;
  }
  const bids = bidsOf(record, lot);
  const computed = await orNull(() => decidedAgain(record, lot, bids));
  if (computed === null) {
    yield check("method", "result", false, of);
    return;
  }
  yield check("method", "result", true, { ...of, bids, computed });
  if (isMarked(record.method) && computed.failed === null) {
    yield* expertChecks(record, lot, computed.ranking);
    if (failedForExperts(lot)) return;
  }
  for (const name of ["winner", "amount", "reference", "ranking", "failed"]) {
    const published = lot.result[name] ?? null;
    yield check("method", name, sameJson(computed[name], published), { ...of, computed: computed[name], published });
  }
  const valid = new Set(lot.entries.filter((entry) => entry.valid).map((entry) => entry.uscc));
  const same = valid.size === computed.ranking.length && computed.ranking.every((uscc) => valid.has(uscc));
  yield check("method", "who-is-valid", same || computed.failed !== null, of);
  const score = (entry) => (Object.hasOwn(computed.scores, entry.uscc) ? computed.scores[entry.uscc] : {});
  if (Object.keys(computed.scores).length || lot.entries.some((entry) => Object.keys(entry.scores).length)) {
    yield check("method", "scores", lot.entries.every((entry) => sameJson(entry.scores, score(entry))), of);
  }
  yield* followChecks(record, lot, { computed, bids });
}

/** @throws {RangeError} for orders that are not over what was to be drawn, and for what nobody could decide */
function decidedAgain(record, lot, bids) {
  const { method, minimum } = record;
  const parameters = termsOfLot(record, lot);
  const first = lot.draws.filter((each) => each.iteration === FIRST);
  const orders = Object.fromEntries(
    first.map((each) => [each.purpose, outOfLot(each.order, { lot: lot.number, lots: record.lots.length })]),
  );
  for (const [purpose, labels] of Object.entries(drawsOf(method, { bids, parameters }))) {
    const order = Object.hasOwn(orders, purpose) ? orders[purpose] : [];
    if (!sameJson([...order].sort(), [...labels].sort())) throw new RangeError("not every label once, and no other");
  }
  const choice = isPicked(method) ? choiceIn(lot.result) : null;
  return { ...decide(method, { bids, orders, parameters, minimum, choice }), coefficient: orders.coefficient?.[0] ?? null };
}

/** Whom the owner picked; nobody as long as there is no winner. */
function choiceIn({ winner = null, reason, reasons }) {
  if (winner === null) return null;
  const each = reasons !== null && typeof reasons === "object" && !Array.isArray(reasons) ? reasons : {};
  const texts = Object.fromEntries(Object.entries(each).map(([uscc, why]) => [uscc, String(why)]));
  return { uscc: String(winner), reason: String(reason || ""), reasons: texts };
}

/** The sealed log: everything came before the deadline, and the last of each firm is the envelope that was opened. */
function* received({ round, times, lots, events }) {
  const last = new Map();
  let latest = null;
  let inTime = true;
  for (const { event } of events) {
    if (event === null || typeof event !== "object" || event.round !== round) {
      yield check("sealed", "events-of-round", false);
      return;
    }
    inTime &&= isTime(event.at) && event.at < times.closes_at;
    latest = latest === null || event.at > latest ? event.at : latest;
    const whose = JSON.stringify([String(event.lot), String(event.uscc)]);
    if (event.type === "envelope.withdrawn") last.delete(whose);
    else last.set(whose, String(event.sha256));
  }
  const all = lots.flatMap((lot) => lot.entries.map((entry) => [JSON.stringify([lot.number, entry.uscc]), entry.sha256]));
  const same = new Map(all).size === last.size && all.every(([whose, sha256]) => last.get(whose) === sha256);
  yield check("sealed", "in-time", inTime, { count: events.length, latest, closes: times.closes_at });
  yield check("sealed", "received-last", same, { count: last.size });
}
