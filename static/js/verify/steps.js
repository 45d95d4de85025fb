// What each step says with the numbers of this round: sentences, and the rows of its tables.
import { EXPERTS } from "../protocol/verify_experts.js";
import { drawnExperts } from "./experts.js";
import { methodStep } from "./method.js";
import { table } from "./tables.js";
import { moment, money, short } from "./words.js";

/** Checks that say that a step has still to come. */
const WAITING = ["not-opened", "never-opened", "kept-back"];

/**
 * @typedef {{sentences: string[], tables: {name: string, rows: Object[]}[]}} Told
 * @typedef {{record: import("../protocol/record.js").Record, words: import("./words.js").Words,
 *   of: (what: string) => Object[], name: (uscc: string) => string}} Known `of` gives the checks of a code
 */

/** A step by the group of its checks. @type {Object<string, (known: Known) => Told>} */
export const STEPS = { announced, sealed, keys, opened, draw, method: methodStep, log };

/** What a step has to say. @returns {Told} */
export function told(group, { record, checks, words }) {
  const names = new Map(record.lots.flatMap((lot) => lot.entries.map((entry) => [entry.uscc, entry.name])));
  const of = (what) => checks.filter((each) => each.what === what);
  const later = checks.find((each) => each.group === group && WAITING.includes(each.what));
  if (later) return { sentences: [words.say(`check-${later.what}`)], tables: [] };
  const found = STEPS[group]({ record, words, of, name: (uscc) => names.get(uscc) ?? uscc });
  const pending = checks.some((each) => each.group === group && each.what === "log-pending");
  return pending ? { ...found, sentences: [...found.sentences, words.say("check-log-pending")] } : found;
}

function announced({ record, words, of }) {
  const entry = of("entry-time").find((each) => each.type === "round.announced");
  const head = of("checkpoint-time").find((each) => each.type === "round.announced");
  const closes = record.times.closes_at;
  const sentences = [];
  if (entry) sentences.push(words.say("announced-entry", { index: entry.index, at: moment(entry.at) }));
  if (head) {
    const early = Date.parse(closes) / 1000 - head.at;
    const told = early > 0 ? "announced-cosigned" : "announced-cosigned-late";
    const values = { cosigned: moment(head.at), closes: moment(closes), early: words.length(Math.abs(early)) };
    sentences.push(words.say(told, values));
  }
  const terms = { minimum: record.minimum, commitment: short(record.commitment), n: record.chainLength };
  sentences.push(words.say("announced-terms", { ...terms, method: words.say(`method-${record.method}`) }));
  if (of("announced-experts").length) sentences.push(words.say("announced-panel", { n: record.experts }));
  return { sentences, tables: [] };
}

function sealed({ record, words, of, name }) {
  const [time] = of("in-time");
  const [order] = of("before-closing");
  const [changes] = of("few-replacements");
  const sentences = [];
  if (time) {
    const values = { count: time.count, latest: moment(time.latest), closes: moment(time.closes) };
    sentences.push(words.say(time.count ? "sealed-events" : "sealed-no-events", values));
  }
  const withdrawn = of("withdrawn").length + of("withdrawn-by-centre").length;
  if (changes && (changes.total || withdrawn)) {
    sentences.push(words.say("sealed-changes", { replaced: changes.total, withdrawn }));
  }
  if (time?.count && order) sentences.push(words.say("sealed-before", { closed: order.closed }));
  const events = [...of("received"), ...of("replaced")];
  const pending = of("log-pending").length > 0;
  const rows = of("digest").map((each) => {
    const event = events.findLast((one) => one.lot === each.lot && one.uscc === each.uscc && one.sha256 === each.published);
    return {
      firm: words.inLot(name(each.uscc), each.lot, record),
      at: moment(event?.at),
      told: short(event?.sha256),
      computed: short(each.computed),
      holds: each.holds && (pending ? null : event !== undefined && event.holds),
    };
  });
  return { sentences, tables: rows.length ? [table("sealed", rows, words)] : [] };
}

function keys({ words, of }) {
  const rows = of("key-fits").map((each) => ({
    party: words.say(`party-${each.party}`),
    announced: short(each.announced),
    revealed: short(each.revealed),
    computed: short(each.computed),
    holds: each.holds,
  }));
  return { sentences: [], tables: rows.length ? [table("keys", rows, words)] : [] };
}

function opened({ record, words, of, name }) {
  const every = of("opens");
  if (!every.length) return { sentences: [], tables: [] };
  const count = every.filter((each) => each.said).length;
  const sentences = [words.say("opened-count", { count: every.length, opened: count })];
  const priced = every.some((each) => (each.said?.amount ?? each.published.amount) !== null);
  const days = (value) => (value === null || value === undefined ? "–" : words.say("days", { n: value }));
  const rows = every.map((each) => ({
    firm: words.inLot(name(each.uscc), each.lot, record),
    said: each.said ? money(each.said.amount) : words.say("not-readable"),
    published: money(each.published.amount),
    days: each.said ? days(each.said.days) : words.say("not-readable"),
    nonce: short(each.said?.nonce),
    told: short(each.published.nonce),
    holds: each.holds,
  }));
  return { sentences, tables: [table(priced ? "amounts" : "nonces", rows, words)] };
}

function draw(known) {
  const { record, words, of } = known;
  const every = of("order");
  const sentences = [];
  if (!every.length && of("result").length) sentences.push(words.say("draw-none"));
  const tables = [];
  for (const drawn of every) {
    const same = (each) => each.lot === drawn.lot && each.purpose === drawn.purpose && each.iteration === drawn.iteration;
    const code = of("code-belongs").find(same);
    const random = of("randomness").find(same);
    if (drawn.purpose === "coefficient") {
      const values = drawn.places.map(({ label }) => firmOf(label, drawn.lot, record.lots.length));
      sentences.push(words.inLot(words.say("draw-coefficient", { order: words.list(values) }), drawn.lot, record));
      continue;
    }
    if (drawn.purpose === EXPERTS) {
      const told = drawnExperts(known, drawn, code);
      sentences.push(...told.sentences.map((each) => words.inLot(each, drawn.lot, record)));
      tables.push(...told.tables);
      continue;
    }
    const said = drawnSentences(words, { drawn, code, random });
    sentences.push(...said.map((each) => words.inLot(each, drawn.lot, record)));
    tables.push(table("draw", drawnRows(known, drawn, random), words));
  }
  return { sentences, tables };
}

function drawnSentences(words, { drawn, code, random }) {
  const [computed, committed] = [short(code.computed), short(code.committed)];
  const hashes = { code: short(code.code), n: code.iteration, computed, committed };
  if (code.iteration > 1) return [words.say("draw-code-again", hashes)];
  const tickets = drawn.places.some(({ label }) => label.includes("#"));
  return [
    words.say("draw-code", hashes),
    words.say("draw-joined", { n: random.told.length, joined: joinedShort(random.random) }),
    words.say(tickets ? "draw-tickets" : "draw-placed", { n: drawn.places.length }),
  ];
}

function joinedShort(random) {
  if (!random) return "–";
  const parts = random.split("/").slice(0, -1);
  const shown = parts.slice(0, 3).map((each) => short(each));
  return `${shown.join("/")}/${parts.length > shown.length ? "…" : ""}`;
}

function drawnRows({ name, record }, drawn, random) {
  const told = new Map(random.told);
  const shown = new Set(); // a firm stands where its best ticket does
  return drawn.places.flatMap(({ label, position }, place) => {
    const uscc = firmOf(label, drawn.lot, record.lots.length);
    if (shown.has(uscc)) return [];
    shown.add(uscc);
    return {
      place: place + 1,
      firm: label.includes("#") ? `${name(uscc)} #${label.split("#").at(-1)}` : name(uscc),
      nonce: short(told.get(uscc)),
      position: short(position),
      holds: drawn.published[place] === label,
    };
  });
}

/** The firm of a label, which may carry its lot before it and its ticket behind. */
export function firmOf(label, lot, lots) {
  const prefix = lots > 1 ? `${lot}:` : "";
  return (label.startsWith(prefix) ? label.slice(prefix.length) : label).replace(/#[0-9]+$/, "");
}

function log({ words, of }) {
  const sentences = [];
  const [included] = of("included");
  const [signed] = of("signed");
  const [goes] = of("live-continues");
  if (included) {
    const values = { count: included.count, sealed: included.sealed, hashes: included.hashes, root: short(included.root) };
    sentences.push(words.say("log-included", { ...values, told: short(signed?.root), size: included.size }));
  }
  if (signed?.holds) {
    sentences.push(words.say("log-signed", { log: signed.log, custodian: signed.custodian, at: moment(signed.at) }));
  }
  if (goes?.holds) {
    const values = { from: goes.from, to: goes.to, more: goes.to - goes.from };
    sentences.push(words.say(values.more ? "log-goes-on" : "log-is-the-same", values));
  }
  const [same, fresh] = [of("remembered")[0], of("remembered-now")[0]];
  const keys = same ?? fresh;
  if (keys) {
    const values = { log: idOf(keys.shown.log), custodian: idOf(keys.shown.custodian), since: moment(same?.before.since) };
    sentences.push(words.say(fresh ? "log-remembered-now" : same.holds ? "log-remembered" : "log-other-keys", values));
  }
  return { sentences, tables: [] };
}

/** The eight digits by which a verifier key names itself. */
function idOf(vkey) {
  return vkey.split("+")[1] ?? "–";
}
