// A single check in words.

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
  const text = words.say(`check-${what}`, values);
  return record.lots.length > 1 && lot !== undefined ? words.say("in-lot", { lot, text }) : text;
}

function wordOr(words, name, otherwise) {
  return words.has(name) ? words.say(name) : otherwise;
}
