// The parameters of the selection methods (PROTOCOL §4): which a method takes, and what is wrong with those that are given;
// the twin of protocol/parameters.py. An empty text counts as absent.

import { cents, isAmount, sum, units } from "./money.js";

const MOST_COEFFICIENTS = 20;
const WEIGHTS = ["price", "quality", "record"];
const HUNDRED = 100_00n;
const LONGEST_GROUND = 200;
const COUNT = /^[1-9][0-9]{0,5}$/;
const COEFFICIENT = /^(?:0\.[5-9][0-9]{1,3}|1\.0{2,4})$/;
const WEIGHT = /^(?:0|[1-9][0-9]?|100)(?:\.[0-9]{1,2})?$/;
const LIMITS = ["upper", "lower"];
const OF_LOT = ["price", ...LIMITS];

/** The names that a method takes, and those of them that it must have. */
const TAKEN = {
  draw: { required: ["price"] },
  lowest: { optional: LIMITS },
  mean: { optional: [...LIMITS, "coefficients", "trim_over"] },
  lowest_draw: { required: ["k"], optional: LIMITS },
  credit_draw: { required: ["price", "long_list", "short_list"] },
  scored: { required: ["weights"], optional: LIMITS },
  proposal: { optional: [...LIMITS, "ground"] },
  auction: { required: ["step", "extend_within_s", "extend_by_s"], optional: [...LIMITS, "max_extensions"] },
  direct: { required: ["price", "ground"] },
};

const isText = (value, pattern) => typeof value === "string" && pattern.test(value);
const count = (value) => (isText(value, COUNT) ? null : "not_a_count");

const CHECKS = {
  price: amount,
  upper: amount,
  lower: amount,
  step: amount,
  k: count,
  long_list: count,
  short_list: count,
  trim_over: count,
  extend_within_s: count,
  extend_by_s: count,
  max_extensions: count,
  coefficients,
  weights,
  ground,
};

/**
 * Everything that is wrong with a round's parameters.
 *
 * @param {string} method a code of METHODS
 * @param {Object<string, *>} parameters
 * @returns {{field: string, code: string}[]}
 */
export function problemsOf(method, parameters) {
  const { required = [], optional = [] } = TAKEN[method];
  const given = Object.entries(parameters).filter(([, value]) => value !== "");
  const names = new Set(given.map(([name]) => name));
  const problems = required.filter((name) => !names.has(name)).map((name) => ({ field: name, code: "required" }));
  for (const [name, value] of given) {
    const known = required.includes(name) || optional.includes(name);
    const code = known ? CHECKS[name](value) : "unknown";
    if (code) problems.push({ field: name, code });
  }
  return problems.length ? problems : problemsBetween(Object.fromEntries(given));
}

/** What is right by itself and does not go together. */
function problemsBetween({ upper, lower, short_list: short, long_list: long }) {
  const problems = [];
  if (upper && lower && cents(upper) < cents(lower)) problems.push({ field: "upper", code: "below_lower" });
  if (short && long && Number(short) > Number(long)) problems.push({ field: "short_list", code: "beyond_long_list" });
  return problems;
}

/**
 * The parameters by which a lot is decided: where a round has several, over its own stands what the lot has of its own.
 *
 * @param {import("./record.js").Record} record
 * @param {import("./record.js").Lot} lot
 * @returns {Object<string, *>}
 */
export function termsOfLot({ parameters, lots }, { limits }) {
  if (lots.length === 1) return parameters;
  const own = OF_LOT.filter((name) => Object.hasOwn(limits, name) && limits[name] !== null);
  return { ...parameters, ...Object.fromEntries(own.map((name) => [name, limits[name]])) };
}

function amount(value) {
  if (!isAmount(value)) return "not_an_amount";
  return cents(value) > 0n ? null : "not_positive";
}

/** From 0.50 to 1.00 with two to four places, 1 to 20 of them, no value twice even when it is printed differently. */
function coefficients(value) {
  const listed = Array.isArray(value) && value.length >= 1 && value.length <= MOST_COEFFICIENTS;
  if (!listed || !value.every((each) => isText(each, COEFFICIENT))) return "not_coefficients";
  return new Set(value.map((each) => units(each, 4))).size === value.length ? null : "repeated";
}

function weights(value) {
  const named = value !== null && typeof value === "object" && Object.keys(value).sort().join() === WEIGHTS.join();
  if (!named || !Object.values(value).every((each) => isText(each, WEIGHT))) return "not_weights";
  return sum(Object.values(value).map((each) => units(each))) === HUNDRED ? null : "not_hundred";
}

function ground(value) {
  if (typeof value !== "string" || !value.trim()) return "required";
  return Array.from(value).length <= LONGEST_GROUND ? null : "too_long";
}
