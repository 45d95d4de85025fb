// "Change a number and see": one amount, or the winner where nobody bids a price, in a copy of the record in memory.
import { cents, compare, text as printed } from "../protocol/money.js";
import { readAmount } from "../seal/reading.js";

const YUAN = 100n;

/**
 * What of a record can be changed.
 *
 * @param {import("../protocol/record.js").Record | null} record
 * @returns {{kind: "amount" | "winner", firms: {lot: string, uscc: string, name: string, amount: string | null}[]} | null}
 *   null where there is nothing that could be changed
 */
export function changeable(record) {
  const lots = record?.lots.filter((lot) => lot.result !== null) ?? [];
  const firms = lots.flatMap((lot) => lot.entries.map((entry) => ({ ...entry, lot: lot.number })));
  const amounts = firms.filter((each) => each.amount !== null && each.valid);
  if (amounts.length) return { kind: "amount", firms: amounts.sort(byWhomItWouldHelp(lots)) };
  const losers = firms.filter((each) => ![null, each.uscc].includes(winnerIn(lots, each.lot)));
  return losers.length ? { kind: "winner", firms: losers } : null;
}

function winnerIn(lots, number) {
  return lots.find((lot) => lot.number === number).result.winner;
}

/** Whoever has not won first, the dearest before the others. */
function byWhomItWouldHelp(lots) {
  const won = ({ lot, uscc }) => winnerIn(lots, lot) === uscc;
  return (one, other) => won(one) - won(other) || compare(cents(other.amount), cents(one.amount));
}

/** Another amount for a firm: a yuan less than the lowest, as somebody would who wants it to win. */
export function tempting(firms) {
  const least = firms.map((each) => cents(each.amount)).reduce((low, each) => (each < low ? each : low));
  return printed(least > YUAN ? least - YUAN : least + YUAN);
}

/** @returns {string | null} the amount that was typed as the record writes it, null for none */
export function typedAmount(typed) {
  return readAmount(typed).value ?? null;
}

/**
 * The text of a record in which one thing is changed.
 *
 * @param {string} text
 * @param {{kind: string, lot: string, uscc: string, amount: string | null}} change
 * @returns {string}
 */
export function tampered(text, { kind, lot, uscc, amount }) {
  const record = JSON.parse(text);
  const changed = record.lots.find((each) => each.lot === lot);
  if (kind === "winner") changed.result.winner = uscc;
  else changed.entries.find((each) => each.uscc === uscc).amount = amount;
  return JSON.stringify(record);
}
