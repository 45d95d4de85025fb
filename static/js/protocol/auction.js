// The offers of an open descending auction (PROTOCOL §4), played again; the twin of protocol/auction.py. Amounts are cents in
// BigInt, moments whole milliseconds.

import { cents } from "./money.js";

/**
 * @typedef {{kind: "offer" | "paused" | "resumed", at: number, amount?: bigint, pseudonym?: string, endsAt?: number}} Step
 * @typedef {{endsAt: number, best: bigint | null, extensions: number, pausedAt: number | null}} Standing
 */

const SECOND = 1000;
const amount = (parameters, name) => (parameters[name] ? cents(parameters[name]) : null);

/** The terms of a round's parameters, which are those of an auction. @param {{startsAt: number, endsAt: number}} times */
export function termsOf(parameters, { startsAt, endsAt }) {
  return {
    startsAt,
    endsAt,
    upper: amount(parameters, "upper"),
    lower: amount(parameters, "lower"),
    step: cents(parameters.step),
    within: Number(parameters.extend_within_s) * SECOND,
    by: Number(parameters.extend_by_s) * SECOND,
    most: parameters.max_extensions ? Number(parameters.max_extensions) : Infinity,
  };
}

/**
 * Plays the accepted offers and the pauses of a record again, in the order of the log; it holds without `problems`.
 *
 * @param {Step[]} steps
 * @returns {{standing: Standing, problems: [number, string][]}} places of steps from 0, each with a code
 */
export function replay(terms, steps) {
  const played = { standing: { endsAt: terms.endsAt, best: null, extensions: 0, pausedAt: null }, problems: [] };
  let last = -Infinity;
  for (const [place, step] of steps.entries()) {
    const code = step.at < last ? "out_of_order" : play(terms, played, step);
    if (code !== null) played.problems.push([place, code]);
    last = Math.max(last, step.at);
  }
  return played;
}

function play(terms, played, step) {
  const { standing } = played;
  if (step.kind === "paused") {
    if (standing.pausedAt !== null || step.at < terms.startsAt || step.at >= standing.endsAt) return "no_such_pause";
    played.standing = { ...standing, pausedAt: step.at };
    return null;
  }
  if (step.kind === "resumed") {
    if (standing.pausedAt === null || step.at < standing.pausedAt) return "no_such_pause";
    played.standing = { ...standing, endsAt: standing.endsAt + step.at - standing.pausedAt, pausedAt: null };
    return null;
  }
  const code = reasonAgainst(terms, standing, step);
  if (code !== null) return code;
  played.standing = extended(terms, { ...standing, best: step.amount }, step.at);
  return step.endsAt === played.standing.endsAt ? null : "another_end";
}

function reasonAgainst(terms, standing, { at, amount: offer }) {
  if (at < terms.startsAt) return "not_started";
  if (standing.pausedAt !== null) return "paused";
  if (at >= standing.endsAt) return "ended";
  if (offer <= 0n) return "not_an_amount";
  const most = standing.best === null ? terms.upper : standing.best - terms.step;
  if (most !== null && offer > most) return standing.best === null ? "above_upper" : "step_too_small";
  return terms.lower !== null && offer < terms.lower ? "below_lower" : null;
}

/** An offer in the last seconds moves the end to itself + extend_by, and never to an earlier moment. */
function extended(terms, standing, at) {
  const end = at + terms.by;
  const late = at >= standing.endsAt - terms.within;
  if (standing.extensions >= terms.most || !late || end <= standing.endsAt) return standing;
  return { ...standing, endsAt: end, extensions: standing.extensions + 1 };
}
