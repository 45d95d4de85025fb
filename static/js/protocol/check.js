// One line of what a verifier computes, and what its two halves share; the twin of protocol/check.py.

import { encode, sameBytes, sha256Hex } from "./canonical.js";
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

/** The SHA-256 of a value; null for what JCS cannot hold, which agrees with nothing. @returns {Promise<string | null>} */
export async function digestOf(value) {
  try {
    return await sha256Hex(encode(value));
  } catch {
    return null;
  }
}

/** Whether a value of JSON is an object, and no list. @returns {boolean} */
export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Whether a firm was eligible at closing: every other reason follows from what was opened. @returns {boolean} */
export function wasEligible({ reason }) {
  return reason === null || (reason !== "ineligible" && REASONS.includes(reason));
}
