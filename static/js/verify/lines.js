// A single check in words.
import { moment, money, short } from "./words.js";

/**
 * @param {import("../protocol/check.js").Check} check
 * @param {{record: import("../protocol/record.js").Record, words: import("./words.js").Words}} known
 * @returns {string}
 */
export function lineOf(check, { record, words }) {
  const { what, uscc, type, party, purpose, lot } = check;
  const entry = record.lots.flatMap((each) => each.entries).find((each) => each.uscc === uscc);
  const values = {
    ...check,
    firm: entry?.name ?? uscc,
    type: type && wordOr(words, `type-${type}`, type),
    party: party && words.say(`party-${party}`),
    purpose: purpose && wordOr(words, `purpose-${purpose}`, purpose),
  };
  const text = withDifference(check, words.say(`check-${what}`, values), { record, words });
  return words.inLot(text, lot, record);
}

/** What it should be and what the record says, where both can be said in a few characters. */
function withDifference(check, text, { record, words }) {
  if (check.holds !== false || !Object.hasOwn(DIFFERENCES, check.what)) return text;
  const difference = DIFFERENCES[check.what](check, record, words);
  return difference ? words.say("differs", { text, should: difference[0], says: difference[1] }) : text;
}

const firm = (uscc, { lots }) => lots.flatMap((lot) => lot.entries).find((each) => each.uscc === uscc)?.name ?? uscc ?? "–";
const sums = ({ computed, published }) => [money(computed), money(published)];
const digests = ({ computed, published }) => [short(computed), short(published)];
const printed = ({ told, published }) => [told ?? "–", published];

/** For a check: what it should be, and what the record says. */
const DIFFERENCES = {
  digest: digests,
  amount: sums,
  reference: sums,
  "experts-drawn": ({ computed, published }, _record, words) => {
    return [beyond(computed, published, words), beyond(published, computed, words)];
  },
  winner: ({ computed, published }, record) => [firm(computed, record), firm(published, record)],
  opens: ({ said, published }) => {
    return said && said.amount !== published.amount ? [money(said.amount), money(published.amount)] : null;
  },
  "code-belongs": ({ committed, computed }) => [short(committed), short(computed)],
  "entry-time": ({ at, published }) => [moment(at), moment(published)],
  "announced-deadline": ({ told, published }) => [moment(told), moment(published)],
  "announced-minimum": printed,
  "announced-method": printed,
  "announced-experts": printed,
  status: printed,
};

/** The experts of some seats who are not among those of the others. */
function beyond(seats, others, words) {
  const known = others.map(([code]) => code);
  return words.list(seats.map(([code]) => code ?? "–").filter((code) => !known.includes(code))) || "–";
}

function wordOr(words, name, otherwise) {
  return words.has(name) ? words.say(name) : otherwise;
}
