// The arithmetic of the method, written out with the amounts of this round as a person would on paper.
import { cents, compare, magnitude, text } from "../protocol/money.js";
import { termsOfLot } from "../protocol/parameters.js";
import { markRows, scoredSentences, shortSentence } from "./experts.js";
import { table } from "./tables.js";
import { money } from "./words.js";

/** Methods by which the owner fixes the price. */
const FIXED = ["draw", "credit_draw", "direct"];

/** @param {import("./steps.js").Known} known @returns {import("./steps.js").Told} */
export function methodStep(known) {
  const sentences = [];
  const tables = [];
  const { words, record } = known;
  for (const { lot, bids, computed } of known.of("result").filter((each) => each.computed)) {
    const round = { ...known, number: lot, bids, computed, byFirm: new Map(bids.map((bid) => [bid.uscc, bid])) };
    const short = known.of("panel-short").find((each) => each.lot === lot);
    const said = short ? [...counted(round), shortSentence(known, short)] : [...working(round), ...followed(known, lot)];
    sentences.push(...said.map((each) => words.inLot(each, lot, record)));
    if (short) continue;
    if (computed.working.marks) tables.push(table("marks", markRows(round), words));
    tables.push({ name: tableName(known.record, computed), rows: rows(round, lot), more: "" });
  }
  return { sentences, tables };
}

function tableName({ method }, computed) {
  if (Object.keys(computed.scores).length) return "scores";
  if (FIXED.includes(method)) return "ranking-plain";
  return method === "mean" ? "distances" : "ranking";
}

function counted(round) {
  const { words, record, bids, computed } = round;
  const valid = bids.length - Object.keys(computed.invalid).length;
  const counts = { all: bids.length, valid, minimum: record.minimum };
  const said = [words.say(computed.failed === null ? "counted" : "counted-failed", counts)];
  for (const [uscc, reason] of Object.entries(computed.invalid)) {
    said.push(words.say("set-aside", { firm: round.name(uscc), reason: words.say(`reason-${reason}`) }));
  }
  return said;
}

function working(round) {
  const { record, computed } = round;
  const said = counted(round);
  if (computed.failed !== null) return said;
  const way = Object.hasOwn(WAYS, record.method) ? WAYS[record.method](round) : [];
  return [...said, ...way, ...outcome(round)];
}

function outcome({ words, computed, name, record }) {
  if (computed.winner === null) return [words.say("not-picked")];
  const values = { firm: name(computed.winner), amount: money(computed.amount), reason: computed.reason };
  const said = [words.say(FIXED.includes(record.method) ? "won-at-price" : "won", values)];
  return computed.reason === null ? said : [words.say("picked", values), ...said];
}

/** Who walked away afterwards, and who follows. */
function followed({ words, of, name }, number) {
  return of("follows")
    .filter((each) => each.lot === number)
    .map(({ out, holds, computed }) => {
      const told = holds === null ? "followed-later" : computed === null ? "followed-by-nobody" : "followed";
      return words.say(told, { out: name(out), next: computed && name(computed) });
    });
}

const WAYS = {
  lowest: ascending,
  auction: ascending,
  draw: ({ words, computed, name }) => [words.say("way-draw", { firms: named(words, computed.ranking, name) })],
  mean(round) {
    const { words, computed, name } = round;
    const { dropped, kept, total } = computed.working;
    const amounts = (firms) => words.list(firms.map((uscc) => `${name(uscc)} ${amountOf(round, uscc)}`));
    const { coefficient, reference } = computed;
    const numbers = { total: money(total), n: kept.length, coefficient, reference: money(reference) };
    return [
      dropped.length ? words.say("way-mean-dropped", { dropped: amounts(dropped) }) : words.say("way-mean-all"),
      words.say("way-mean-reference", numbers),
      words.say("way-mean-nearest"),
      ...(dropped.length ? [words.say("way-mean-last")] : []),
    ];
  },
  lowest_draw(round) {
    const { words, record, computed, name } = round;
    const entering = named(words, computed.working.entering, name);
    return [...ascending(round), words.say("way-lowest-draw", { k: record.parameters.k, entering })];
  },
  credit_draw({ words, record, computed, name }) {
    const { long_list: long, short_list: short } = record.parameters;
    const { best, open } = computed.working;
    const lists = { long, short, best: named(words, best, name), open: named(words, open, name) };
    return [words.say("way-credit-best", lists), words.say("way-credit-open", lists)];
  },
  scored: scoredSentences,
  proposal: ({ words }) => [words.say("way-proposal")],
  direct({ words, record, number }) {
    const { price, ground } = termsOfLot(record, record.lots.find((each) => each.number === number));
    return [words.say("way-direct", { price: money(price), ground })];
  },
};

/** Amounts from the lowest up. */
function ascending(round) {
  const { words, computed, byFirm, name } = round;
  const by = (one, other) => compare(cents(byFirm.get(one).amount), cents(byFirm.get(other).amount));
  const firms = [...computed.ranking].sort(by);
  const amounts = words.list(firms.map((uscc) => `${name(uscc)} ${amountOf(round, uscc)}`));
  const tied = new Set(firms.map((uscc) => byFirm.get(uscc).amount)).size < firms.length;
  return [words.say("way-ascending", { amounts }), ...(tied ? [words.say("way-tied")] : [])];
}

function named(words, firms, name) {
  return words.list(firms.map(name));
}

function amountOf({ byFirm }, uscc) {
  return money(byFirm.get(uscc)?.amount);
}

/** Every entrant: where it came to stand, and where the record says that it stands. */
function rows({ record, bids, computed, name, byFirm, words }, number) {
  const lot = record.lots.find((each) => each.number === number);
  const published = Array.isArray(lot.result.ranking) ? lot.result.ranking : [];
  const others = bids.map((bid) => bid.uscc).filter((uscc) => !computed.ranking.includes(uscc));
  return [...computed.ranking, ...others].map((uscc) => {
    const [place, told] = [computed.ranking.indexOf(uscc), published.indexOf(uscc)];
    const { amount } = byFirm.get(uscc);
    const shown = (at) => (at === -1 ? words.say("no-place") : String(at + 1));
    return {
      place: shown(place),
      firm: name(uscc),
      amount: money(amount),
      distance: distance(amount, computed.reference, place),
      ...(Object.hasOwn(computed.scores, uscc) ? computed.scores[uscc] : {}),
      told: shown(told),
      holds: place === told,
      won: uscc === computed.winner,
    };
  });
}

function distance(amount, reference, place) {
  if (place === -1 || amount === null || reference === null) return "–";
  return money(text(magnitude(cents(amount) - cents(reference))));
}
