// The selection methods (PROTOCOL §4) as pure functions, without floating point; the twin of protocol/methods/.
//
// Every function in METHODS takes a Lot and returns a Result. Within this file amounts are cents, weights, marks and credit
// scores hundredths, all BigInt.

import { byUtf8, firmsByBestTicket, tickets } from "./draw.js";
import { PLACES, cents, compare, divide, magnitude, sum, text, units } from "./money.js";

/** Why a bid is not valid, in the order in which it is asked. */
export const REASONS = ["ineligible", "unreadable", "no_amount", "above_upper", "below_lower"];
export const TOO_FEW = "too_few";
const TRIM_OVER = 5;
const MARKS_TRIMMED_FROM = 5;
const COEFFICIENT_PLACES = 6;
const HUNDRED = 100_00n;
/** Where a round of `mean` announces none. */
export const COEFFICIENTS = ["0.95", "0.96", "0.97", "0.98"];

/**
 * @typedef {{uscc: string, amount: string | null, opened: boolean, eligible: boolean, credit?: string | null,
 *   marks?: string[]}} Bid one frozen entrant: amounts as "48000.00", credit score and the experts' marks as decimal strings;
 *   in an auction `amount` is the firm's lowest offer
 * @typedef {{uscc: string, reason: string, reasons?: Object<string, string>}} Choice whom the owner picked and why
 * @typedef {{ranking?: string[], coefficient?: string[]}} Orders labels in the draw's order, without the prefix of the lot:
 *   all entrants (`credit_draw`: all tickets; `auction` and `direct` may leave it out), and the coefficients of `mean`
 * @typedef {{bids: Bid[], orders?: Orders, parameters?: Object<string, string>, minimum?: number, choice?: Choice | null}}
 *   Lot `parameters` as in PROTOCOL §4, `weights` as {price, quality, record}
 * @typedef {{winner: string | null, amount: string | null, reference: string | null, ranking: string[],
 *   failed: string | null, invalid: Object<string, string>, scores: Object<string, {price: string, quality: string,
 *   record: string, total: string}>, reason: string | null, reasons?: Object<string, string>, redrawn: string[], working: Object}} Result
 *   `ranking` has every valid entrant, best first. Where an owner has still to choose, `winner` is null and `failed` too; a
 *   choice is put first, with its reasons. `scores` is for `scored` only; among `redrawn` a new draw decides when the winner walks
 *   away; `working` has what a person would note on the way
 */

/** How each of the nine methods ranks; the rest is what `decided` is told of it. */
const WAYS = {
  draw: { rank: (valid) => ({ ranked: valid, redrawn: valid }), priced: false },
  lowest: { rank: byAmount },
  mean: { rank: byDistanceFromMean },
  lowest_draw: { rank: byDrawAmongLowest },
  credit_draw: { rank: byTicketAmongBest, priced: false, chosen: true, places: firmsByBestTicket },
  scored: { rank: byScore, blind: true, marked: true },
  proposal: { rank: byDraw, chosen: true, blind: true, demand: demandEveryReason },
  auction: { rank: byOffer, drawn: false, blind: true },
  direct: { rank: byDraw, priced: false, chosen: true, drawn: false },
};

/** Each of the nine methods by its code: (Lot) => Result, throwing RangeError for what nobody could decide. */
export const METHODS = Object.fromEntries(Object.entries(WAYS).map(([code, way]) => [code, (lot) => decided(lot, way)]));

/** Whether the owner picks by this method. @param {string} code of METHODS @returns {boolean} */
export function isPicked(code) {
  return Boolean(WAYS[code].chosen);
}

/** Whether names and keys stay back until it is decided. @param {string} code @returns {boolean} */
export function isBlind(code) {
  return Object.hasOwn(WAYS, code) && Boolean(WAYS[code].blind);
}

/** Whether experts mark. @param {string} code of METHODS @returns {boolean} */
export function isMarked(code) {
  return Object.hasOwn(WAYS, code) && Boolean(WAYS[code].marked);
}

/**
 * What iteration 1 must draw for all frozen entrants of a lot: labels by purpose, without the prefix of the lot.
 *
 * @param {string} code of METHODS
 * @param {{bids: Bid[], parameters: Object}} lot
 * @returns {{ranking?: string[], coefficient?: string[]}}
 */
export function drawsOf(code, { bids, parameters }) {
  if (WAYS[code].drawn === false) return {};
  if (code === "credit_draw") {
    return { ranking: tickets(Object.fromEntries(bids.map((bid) => [bid.uscc, ticketCount(bid.credit)]))) };
  }
  const ranking = bids.map((bid) => bid.uscc).sort(byUtf8);
  return code === "mean" ? { ranking, coefficient: [...(parameters.coefficients || COEFFICIENTS)] } : { ranking };
}

/**
 * Decides one lot.
 *
 * @param {string} code of METHODS
 * @param {Lot} lot
 * @returns {Result}
 * @throws {RangeError} for an unknown method, an order that does not hold every entrant once and nobody else, a parameter
 *   that is missing or malformed, and a choice that is not open to the owner
 */
export function decide(code, lot) {
  if (!Object.hasOwn(METHODS, code)) throw new RangeError(`no such method: ${code}`);
  return METHODS[code](lot);
}

/**
 * Who follows when the winner has walked away: the next in the ranking; but while some of `redrawn` are left, the first of
 * them in the order of a new draw over the labels of who is left.
 *
 * @param {string} code of METHODS
 * @param {Result} result
 * @param {{out: Set<string>, order: string[]}} left who has walked away so far, and the order of the new draw
 * @returns {string | null} null where nobody is left
 * @throws {RangeError} where nobody has been picked yet, and for an order that lacks somebody who is left
 */
export function follow(code, result, { out, order }) {
  if (result.winner === null && result.failed === null) throw new RangeError("nobody has been picked yet");
  const left = result.ranking.filter((uscc) => !out.has(uscc));
  const group = left.filter((uscc) => result.redrawn.includes(uscc));
  if (group.length === 0) return left[0] ?? null;
  const { places = (labels) => labels } = WAYS[code];
  const drawn = places(order).filter((uscc) => group.includes(uscc));
  if (drawn.length !== group.length) throw new RangeError("the order of the new draw must hold everybody who is left");
  return drawn[0];
}

/** How many tickets a credit score gives in a weighted draw: max(1, round-half-up(score / 10)). @returns {number} */
export function ticketCount(credit) {
  const tens = divide(creditOf({ credit }), 10_00n);
  return tens < 1n ? 1 : Number(tens);
}

/** What all methods share: who is valid, when a lot fails, what an owner may choose, how a result is written. */
function decided(lot, way) {
  const { priced = true, drawn = true, chosen = false, places = (labels) => labels } = way;
  const { bids, orders = {}, parameters = {}, minimum = 1, choice = null } = lot;
  const firms = bids.map((bid) => bid.uscc);
  const order = drawn ? places(orders.ranking ?? []) : [...firms].sort(byUtf8);
  demandSameFirms(order, firms);
  const against = bids.map((bid) => [bid.uscc, reasonAgainst(bid, { parameters, priced })]);
  const invalid = Object.fromEntries(against.filter(([, reason]) => reason !== null));
  const byFirm = new Map(bids.map((bid) => [bid.uscc, bid]));
  const valid = order.filter((uscc) => !Object.hasOwn(invalid, uscc)).map((uscc) => inUnits(byFirm.get(uscc)));
  const nothing = { winner: null, amount: null, reference: null, ranking: [], failed: null, reason: null };
  if (valid.length < Math.max(minimum, 1)) return { ...nothing, failed: TOO_FEW, invalid, scores: {}, redrawn: [], working: {} };
  const outcome = way.rank(valid, { parameters, orders });
  const ranked = choice === null ? outcome.ranked : withFirst(choice, outcome, way);
  const [first] = chosen && choice === null ? [] : ranked;
  return {
    ...nothing,
    winner: first?.uscc ?? null,
    amount: first ? printed(priced ? first.amount : limit(parameters, "price")) : null,
    reference: printed(outcome.reference ?? null),
    ranking: usccs(ranked),
    reason: choice?.reason ?? null,
    ...(Object.keys(choice?.reasons ?? {}).length ? { reasons: choice.reasons } : {}),
    invalid,
    scores: outcome.scores ?? {},
    redrawn: usccs(outcome.redrawn ?? []),
    working: outcome.working ?? {},
  };
}

function demandSameFirms(order, firms) {
  const same =
    order.length === firms.length && new Set(firms).size === firms.length && new Set(order).size === order.length;
  if (!same || !order.every((uscc) => firms.includes(uscc))) {
    throw new RangeError("the draw's order must hold every entrant once, and nobody else");
  }
}

function reasonAgainst(bid, { parameters, priced }) {
  if (!bid.eligible) return "ineligible";
  if (!bid.opened) return "unreadable";
  if (!priced) return null;
  if (bid.amount === null) return "no_amount";
  const [amount, upper, lower] = [cents(bid.amount), limit(parameters, "upper"), limit(parameters, "lower")];
  if (upper !== null && amount > upper) return "above_upper";
  return lower !== null && amount < lower ? "below_lower" : null;
}

function inUnits(bid) {
  return { ...bid, amount: bid.amount === null ? null : cents(bid.amount) };
}

function withFirst(choice, { ranked, open = ranked }, { chosen, demand }) {
  if (!chosen) throw new RangeError("by this method nobody picks");
  const picked = open.find((bid) => bid.uscc === choice.uscc);
  if (!picked) throw new RangeError(`${choice.uscc} is not among those of whom the owner may pick`);
  if (!choice.reason.trim()) throw new RangeError("the owner's choice needs a reason");
  demand?.(choice, usccs(open));
  return [picked, ...ranked.filter((bid) => bid !== picked)];
}

function demandEveryReason({ reasons = {} }, firms) {
  const every = firms.every((uscc) => Object.hasOwn(reasons, uscc) && reasons[uscc].trim());
  if (!every || Object.keys(reasons).length !== firms.length) {
    throw new RangeError("the owner's choice needs a reason for every firm, and for no other");
  }
}

// The methods: each takes the valid bids, at least one, in the draw's order, so that a stable sort breaks every tie by the
// draw; it returns all of them as `ranked`, best first, with `reference`, `scores` and, for the owner's choice, `open`.

function byDraw(valid) {
  return { ranked: valid };
}

function byAmount(valid) {
  return { ranked: cheapestFirst(valid) };
}

function byOffer(valid) {
  if (new Set(valid.map((bid) => bid.amount)).size !== valid.length) throw new RangeError("two offers are equal");
  return byAmount(valid);
}

/** Reference: the mean of what is left after trimming × the coefficient drawn; the nearest first, then the lower amount. */
function byDistanceFromMean(valid, { parameters, orders }) {
  const dropped = trimmed(valid, whole(parameters, "trim_over", { least: 0, absent: TRIM_OVER }));
  const kept = valid.filter((bid) => !dropped.includes(bid));
  const coefficient = units(orders.coefficient?.[0], COEFFICIENT_PLACES);
  const scale = 10n ** BigInt(COEFFICIENT_PLACES);
  const reference = divide(sum(kept.map((bid) => bid.amount)) * coefficient, BigInt(kept.length) * scale);
  const distance = (bid) => magnitude(bid.amount - reference);
  const nearest = (bids) =>
    sorted(bids, (one, other) => compare(distance(one), distance(other)) || compare(one.amount, other.amount));
  const droppedInOrder = valid.filter((bid) => dropped.includes(bid));
  const working = { dropped: usccs(dropped), kept: usccs(kept), total: text(sum(kept.map((bid) => bid.amount))) };
  return { ranked: [...nearest(kept), ...nearest(droppedInOrder)], reference, working };
}

/** One highest and one lowest of more than `over` bids; among equals the later in the draw's order. */
function trimmed(valid, over) {
  if (valid.length <= Math.max(over, 2)) return [];
  const highest = valid.reduce((found, bid) => (bid.amount >= found.amount ? bid : found));
  const others = valid.filter((bid) => bid !== highest);
  return [highest, others.reduce((found, bid) => (bid.amount <= found.amount ? bid : found))];
}

/** The k lowest, with all that tie with the k-th, in the draw's order; the others behind them by amount. */
function byDrawAmongLowest(valid, { parameters }) {
  const cheapest = cheapestFirst(valid);
  const last = cheapest[Math.min(whole(parameters, "k"), cheapest.length) - 1].amount;
  const entering = valid.filter((bid) => bid.amount <= last);
  const others = cheapest.filter((bid) => bid.amount > last);
  return { ranked: [...entering, ...others], redrawn: entering, working: { entering: usccs(entering) } };
}

/** The best `long_list` by credit score in the order of their tickets, the others behind; open are the `short_list` first. */
function byTicketAmongBest(valid, { parameters }) {
  const byCredit = sorted(valid, (one, other) => compare(creditOf(other), creditOf(one)));
  const kept = byCredit.slice(0, whole(parameters, "long_list"));
  const ranked = [...valid.filter((bid) => kept.includes(bid)), ...byCredit.slice(kept.length)];
  const open = ranked.slice(0, Math.min(whole(parameters, "short_list"), kept.length));
  return { ranked, open, redrawn: kept, working: { best: usccs(kept), open: usccs(open) } };
}

/** Price, quality and record, each half-up to 0.01; the highest total first, then the lower amount. */
function byScore(valid, { parameters }) {
  const weights = weightsOf(parameters);
  const lowest = cheapestFirst(valid)[0].amount;
  const points = new Map(valid.map((bid) => [bid, pointsOf(bid, { weights, lowest })]));
  const total = (bid) => sum(points.get(bid));
  const ranked = sorted(valid, (one, other) => compare(total(other), total(one)) || compare(one.amount, other.amount));
  const scores = valid.map((bid) => {
    const [price, quality, record] = points.get(bid).map((each) => text(each));
    return [bid.uscc, { price, quality, record, total: text(total(bid)) }];
  });
  const marks = Object.fromEntries(valid.map((bid) => [bid.uscc, marksTold(bid)]));
  return { ranked, scores: Object.fromEntries(scores), working: { lowest: text(lowest), marks } };
}

function pointsOf(bid, { weights, lowest }) {
  const { kept: marks } = trimmedMarks(bid);
  return [
    // The lowest has the whole weight, even where it is 0.00 and the quotient has no meaning.
    bid.amount === lowest ? weights.price : divide(weights.price * lowest, bid.amount),
    marks.length === 0 ? 0n : divide(weights.quality * sum(marks), BigInt(marks.length) * HUNDRED),
    divide(weights.record * creditOf(bid), HUNDRED),
  ];
}

/** A bid's marks, from five on without one highest and one lowest. */
function trimmedMarks({ marks = [] }) {
  const all = sorted(marks.map((mark) => units(mark)), compare);
  return all.length < MARKS_TRIMMED_FROM ? { kept: all, dropped: [] } : { kept: all.slice(1, -1), dropped: [all.at(-1), all[0]] };
}

/** As a person would note it: the mean to four places, though nothing is rounded before the points. */
function marksTold(bid) {
  const { kept, dropped } = trimmedMarks(bid);
  const mean = kept.length === 0 ? 0n : divide(sum(kept) * 100n, BigInt(kept.length));
  return { dropped: dropped.map((mark) => text(mark)), mean: text(mean, 2 * PLACES) };
}

function weightsOf({ weights = {} }) {
  const [price, quality, record] = ["price", "quality", "record"].map((name) => units(weights[name]));
  if (price + quality + record !== HUNDRED) throw new RangeError("the weights do not sum to 100");
  return { price, quality, record };
}

function cheapestFirst(bids) {
  return sorted(bids, (one, other) => compare(one.amount, other.amount));
}

function usccs(bids) {
  return bids.map((bid) => bid.uscc);
}

function sorted(values, by) {
  return [...values].sort(by);
}

/** A credit score in hundredths; a firm without one counts as 0. */
function creditOf({ credit }) {
  return credit === null || credit === undefined ? 0n : units(credit);
}

/** An amount among the parameters in cents; absent or empty is null. */
function limit(parameters, name) {
  return parameters[name] ? units(parameters[name]) : null;
}

/** A whole number among the parameters. */
function whole(parameters, name, { least = 1, absent } = {}) {
  const value = String(parameters[name] || (absent ?? ""));
  if (!/^(0|[1-9][0-9]{0,5})$/.test(value) || Number(value) < least) {
    throw new RangeError(`${name} is not a whole number from ${least}: ${value}`);
  }
  return Number(value);
}

function printed(amount) {
  return amount === null ? null : text(amount);
}
