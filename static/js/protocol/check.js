// One line of what a verifier computes, and what its two halves share; the twin of protocol/check.py.

import { encode, sameBytes } from "./canonical.js";
import { REASONS } from "./methods.js";

/** The steps in which a round is told: `group` of every check is one of them. */
export const GROUPS = ["announced", "sealed", "keys", "opened", "draw", "method", "log"];

/** @typedef {{group: string, what: string, holds: boolean | null}} Check with the numbers of its explanation */

/**
 * One check.
 *
 * @param {string} group of GROUPS
 * @param {string} what a code
 * @param {boolean | null} holds null where the record keeps back what it takes
 * @param {Object} numbers with which a person can follow it
 * @returns {Check}
 */
export function check(group, what, holds, numbers = {}) {
  return { group, what, holds, ...numbers };
}

/** Whether two values of JSON are the same; what JCS cannot hold agrees with nothing. @returns {boolean} */
export function sameJson(one, other) {
  try {
    return sameBytes(encode(one), encode(other));
  } catch {
    return false;
  }
}

/** Whether a firm was eligible at closing: every other reason follows from what was opened. @returns {boolean} */
export function wasEligible({ reason }) {
  return reason === null || (reason !== "ineligible" && REASONS.includes(reason));
}
