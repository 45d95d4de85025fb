// The selection methods (PROTOCOL §4) as pure functions, without floating point; the twin of protocol/methods/.
//
// Every function in METHODS takes a Lot and returns a Result. Within this file amounts are cents, weights, marks and credit
// scores hundredths, all BigInt.

import { firmsByBestTicket } from "./draw.js";
import { cents, compare, divide, magnitude, sum, text, units } from "./money.js";

/** Why a bid is not valid, in the order in which it is asked. */
export const REASONS = ["ineligible", "unreadable", "no_amount", "above_upper", "below_lower"];
export const TOO_FEW = "too_few";
const TRIM_OVER = 5;
const MARKS_TRIMMED_FROM = 5;
const COEFFICIENT_PLACES = 6;
const HUNDRED = 100_00n;

/**
 * @typedef {{uscc: string, amount: string | null, opened: boolean, eligible: boolean, credit?: string | null,
 *   marks?: string[]}} Bid one frozen entrant: amounts as "48000.00", credit score and the experts' marks as decimal strings;
 *   in an auction `amount` is the firm's lowest offer
 * @typedef {{ranking?: string[], coefficient?: string[]}} Orders labels in the draw's order, without the prefix of the lot:
 *   all entrants (`credit_draw`: all tickets; `auction` and `direct` may leave it out), and the coefficients of `mean`
 * @typedef {{bids: Bid[], orders?: Orders, parameters?: Object<string, string>, minimum?: number, choice?: string | null}}
 *   Lot `parameters` as in PROTOCOL §4, `weights` as {price, quality, record}; `choice` is the USCC that the owner picked
 * @typedef {{winner: string | null, amount: string | null, reference: string | null, ranking: string[],
 *   failed: string | null, invalid: Object<string, string>, scores: Object<string, {price: string, quality: string,
 *   record: string, total: string}>}} Result `ranking` has every valid entrant, best first. Where an owner has still to
 *   choose, `winner` is null and `failed` too; a choice is put first. `scores` is for `scored` only
 */

/** Each of the nine methods by its code: (Lot) => Result, throwing RangeError for what nobody could decide. */
export const METHODS = {
  draw: (lot) => decided(lot, { rank: byDraw, priced: false }),
  lowest: (lot) => decided(lot, { rank: byAmount }),
  mean: (lot) => decided(lot, { rank: byDistanceFromMean }),
  lowest_draw: (lot) => decided(lot, { rank: byDrawAmongLowest }),
  credit_draw: (lot) => decided(lot, { rank: byTicketAmongBest, priced: false, chosen: true, places: firmsByBestTicket }),
  scored: (lot) => decided(lot, { rank: byScore }),
  proposal: (lot) => decided(lot, { rank: inDrawsOrder, chosen: true }),
  auction: (lot) => decided(lot, { rank: byAmount, drawn: false }),
  direct: (lot) => decided(lot, { rank: inDrawsOrder, chosen: true, drawn: false }),
};

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

/** How many tickets a credit score gives in a weighted draw: max(1, round-half-up(score / 10)). @returns {number} */
export function ticketCount(credit) {
  const tens = divide(creditOf({ credit }), 10_00n);
  return tens < 1n ? 1 : Number(tens);
}

/** What all methods share: who is valid, when a lot fails, what an owner may choose, how a result is written. */
function decided(lot, { rank, priced = true, drawn = true, chosen = false, places = (labels) => labels }) {
  const { bids, orders = {}, parameters = {}, minimum = 1, choice = null } = lot;
  const firms = bids.map((bid) => bid.uscc);
  const order = drawn || orders.ranking ? places(orders.ranking ?? []) : firms;
  demandSameFirms(order, firms);
  const reasons = bids.map((bid) => [bid.uscc, reasonAgainst(bid, { parameters, priced })]);
  const invalid = Object.fromEntries(reasons.filter(([, reason]) => reason !== null));
  const byFirm = new Map(bids.map((bid) => [bid.uscc, bid]));
  const valid = order.filter((uscc) => !Object.hasOwn(invalid, uscc)).map((uscc) => inUnits(byFirm.get(uscc)));
  const nothing = { winner: null, amount: null, reference: null, ranking: [], failed: null, invalid, scores: {} };
  if (valid.length < Math.max(minimum, 1)) return { ...nothing, failed: TOO_FEW };
  const outcome = rank(valid, { parameters, orders });
  const ranked = chosen && choice !== null ? withFirst(choice, outcome) : outcome.ranked;
  const [first] = chosen && choice === null ? [] : ranked;
  return {
    ...nothing,
    winner: first?.uscc ?? null,
    amount: first ? printed(priced ? first.amount : limit(parameters, "price")) : null,
    reference: printed(outcome.reference ?? null),
    ranking: ranked.map((bid) => bid.uscc),
    scores: outcome.scores ?? {},
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

function withFirst(choice, { ranked, open = ranked }) {
  const picked = open.find((bid) => bid.uscc === choice);
  if (!picked) throw new RangeError(`${choice} is not among those of whom the owner may choose`);
  return [picked, ...ranked.filter((bid) => bid !== picked)];
}

// The methods: each takes the valid bids, at least one, in the draw's order, so that a stable sort breaks every tie by the
// draw; it returns all of them as `ranked`, best first, with `reference`, `scores` and, for the owner's choice, `open`.

const byDraw = (valid) => ({ ranked: valid });
const inDrawsOrder = byDraw;
const byAmount = (valid) => ({ ranked: cheapestFirst(valid) });

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
  return { ranked: [...nearest(kept), ...nearest(droppedInOrder)], reference };
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
  return { ranked: [...valid.filter((bid) => bid.amount <= last), ...cheapest.filter((bid) => bid.amount > last)] };
}

/** The best `long_list` by credit score in the order of their tickets, the others behind; open are the `short_list` first. */
function byTicketAmongBest(valid, { parameters }) {
  const byCredit = sorted(valid, (one, other) => compare(creditOf(other), creditOf(one)));
  const kept = byCredit.slice(0, whole(parameters, "long_list"));
  const ranked = [...valid.filter((bid) => kept.includes(bid)), ...byCredit.slice(kept.length)];
  return { ranked, open: ranked.slice(0, Math.min(whole(parameters, "short_list"), kept.length)) };
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
  return { ranked, scores: Object.fromEntries(scores) };
}

function pointsOf(bid, { weights, lowest }) {
  const marks = trimmedMarks((bid.marks ?? []).map((mark) => units(mark)));
  return [
    // The lowest has the whole weight, even where it is 0.00 and the quotient has no meaning.
    bid.amount === lowest ? weights.price : divide(weights.price * lowest, bid.amount),
    marks.length === 0 ? 0n : divide(weights.quality * sum(marks), BigInt(marks.length) * HUNDRED),
    divide(weights.record * creditOf(bid), HUNDRED),
  ];
}

function trimmedMarks(marks) {
  return marks.length < MARKS_TRIMMED_FROM ? marks : sorted(marks, compare).slice(1, -1);
}

function weightsOf({ weights = {} }) {
  const [price, quality, record] = ["price", "quality", "record"].map((name) => units(weights[name]));
  if (price + quality + record !== HUNDRED) throw new RangeError("the weights do not sum to 100");
  return { price, quality, record };
}

function cheapestFirst(bids) {
  return sorted(bids, (one, other) => compare(one.amount, other.amount));
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
