// Decimal numbers without floating point: a number with two places is a BigInt of hundredths (of cents, for an amount).

export const PLACES = 2;
const AMOUNT = /^(0|[1-9][0-9]{0,11})\.[0-9]{2}$/;
const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/** Whether a value is an amount of PROTOCOL §2, such as "48000.00". @returns {boolean} */
export function isAmount(value) {
  return typeof value === "string" && AMOUNT.test(value);
}

/**
 * The cents of an amount.
 *
 * @param {string} text such as "48000.00"
 * @returns {bigint}
 * @throws {RangeError} for another form
 */
export function cents(text) {
  if (!isAmount(text)) throw new RangeError(`not an amount such as 48000.00: ${text}`);
  return BigInt(text.replace(".", ""));
}

/**
 * A decimal number as a whole number of its smallest units.
 *
 * @param {string} text such as "0.95", "-3" or "87.4"
 * @param {number} places how many places are kept; a number with more is refused, not rounded
 * @returns {bigint} 95n for "0.95" with two places
 * @throws {RangeError} for another form, or for more places
 */
export function units(text, places = PLACES) {
  const [, sign, whole, part = ""] = (typeof text === "string" && DECIMAL.exec(text)) || [];
  if (whole === undefined) throw new RangeError(`not a decimal number: ${text}`);
  const kept = part.replace(/0+$/, "");
  if (kept.length > places) throw new RangeError(`more than ${places} places: ${text}`);
  return BigInt(`${sign}${whole}${kept.padEnd(places, "0")}`);
}

/** Units as text: 4800000n is "48000.00". @param {bigint} value @param {number} places @returns {string} */
export function text(value, places = PLACES) {
  const digits = magnitude(value)
    .toString()
    .padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return `${value < 0n ? "-" : ""}${whole}${places > 0 ? "." : ""}${digits.slice(digits.length - places)}`;
}

/**
 * The quotient, rounded half up (away from nought, as Python's ROUND_HALF_UP): the one rounding there is.
 *
 * @param {bigint} numerator
 * @param {bigint} denominator
 * @returns {bigint}
 * @throws {RangeError} for a denominator of nought
 */
export function divide(numerator, denominator) {
  const negative = numerator < 0n !== denominator < 0n;
  const [top, bottom] = [magnitude(numerator), magnitude(denominator)];
  const quotient = (2n * top + bottom) / (2n * bottom);
  return negative ? -quotient : quotient;
}

/** @param {bigint[]} values @returns {bigint} */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0n);
}

/** The absolute value. @param {bigint} value @returns {bigint} */
export function magnitude(value) {
  return value < 0n ? -value : value;
}

/** For sorting: below, at or above nought as `first` is less than, equal to or greater than `second`. @returns {number} */
export function compare(first, second) {
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
