// What a person types, as the envelope says it. Nothing of it is ever sent: it is read here and locked here.
import { cents, isAmount } from "../protocol/money.js";

const MOST_DAYS = 365;

/**
 * An amount as people write it: separators, full-width digits and the sign of the yuan do not matter.
 *
 * @param {string} typed
 * @param {{upper?: string, lower?: string}} limits both inclusive
 * @returns {{value: string} | {problem: "amount-required" | "amount-invalid" | "amount-above" | "amount-below"}}
 */
export function readAmount(typed, { upper, lower } = {}) {
  const plain = typed.normalize("NFKC").replace(/[\s,¥\\]/g, "").replace(/元$/, "");
  if (!plain) return { problem: "amount-required" };
  const [, whole, part = ""] = /^([0-9]+)(?:\.([0-9]{0,2}))?$/.exec(plain) ?? [];
  const value = whole === undefined ? "" : `${whole.replace(/^0+(?=[0-9])/, "")}.${part.padEnd(2, "0")}`;
  if (!isAmount(value) || cents(value) <= 0n) return { problem: "amount-invalid" };
  if (upper && cents(value) > cents(upper)) return { problem: "amount-above" };
  if (lower && cents(value) < cents(lower)) return { problem: "amount-below" };
  return { value };
}

/**
 * Promised working days.
 *
 * @param {string} typed
 * @param {{most?: string}} limit what the owner asks for at most
 * @returns {{value: number} | {problem: "days-required" | "days-invalid" | "days-above"}}
 */
export function readDays(typed, { most } = {}) {
  const plain = typed.normalize("NFKC").trim();
  if (!plain) return { problem: "days-required" };
  const value = /^[0-9]{1,3}$/.test(plain) ? Number(plain) : 0;
  if (value < 1 || value > MOST_DAYS) return { problem: "days-invalid" };
  if (most && value > Number(most)) return { problem: "days-above" };
  return { value };
}

/** An amount for people: "¥ 48,000.00". @param {string} amount */
export function shown(amount) {
  return `¥ ${amount.replace(/\B(?=([0-9]{3})+\.)/g, ",")}`;
}
