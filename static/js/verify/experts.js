// The experts of a round in words: among how many they were drawn, who stepped in for whom, and what each made of each firm.
import { sameJson } from "../protocol/check.js";
import { table } from "./tables.js";
import { money, short } from "./words.js";

const FIRST = 1;
/** So many of those who were not drawn are shown beside those who were. */
const NEXT = 3;

/**
 * One draw of experts, as the step of the draws tells it; with the first of a lot all who were seated.
 *
 * @param {import("./steps.js").Known} known
 * @param {Object} drawn the check of its order
 * @param {Object} code the check of its one-time code
 * @returns {import("./steps.js").Told}
 */
export function drawnExperts(known, drawn, code) {
  const { words, of, record } = known;
  const lot = record.lots.find((each) => each.number === drawn.lot);
  const [labels] = of("experts-labels").filter((each) => each.lot === drawn.lot);
  const round = labels?.rounds.find((each) => each.iteration === drawn.iteration);
  if (!round) return { sentences: [], tables: [] };
  const seated = words.list(round.seated);
  if (drawn.iteration > FIRST) {
    const values = { ...again(known, lot, drawn.iteration), ...hashesOf(code), left: round.left, in: seated };
    return { sentences: [words.say("experts-again", values)], tables: [] };
  }
  const places = table("experts", placesOf(known, drawn, round), words, round.seated.length + NEXT);
  const tables = [places, table("seats", seatsOf(known, lot), words)];
  return { sentences: [words.say("experts-pool-told", labels), words.say("experts-placed", { ...labels, seated })], tables };
}

function hashesOf({ code, iteration, computed, committed }) {
  return { code: short(code), n: iteration, computed: short(computed), committed: short(committed) };
}

/** Whose seat a later draw filled, why, and which entry of the log had asked for it. */
function again({ words, of }, lot, iteration) {
  const gone = lot.experts.find((each) => each.asked === iteration);
  const ask = of("experts-asked")[0]?.asks.find((each) => each.iteration === iteration);
  return { out: gone?.code, why: gone && words.say(`gone-${gone.status}`), index: ask?.index };
}

function placesOf({ words, record }, drawn, { seated }) {
  const prefix = record.lots.length > 1 ? `${drawn.lot}:` : "";
  return drawn.places.map(({ label, position }, place) => {
    const expert = label.startsWith(prefix) ? label.slice(prefix.length) : label;
    const sits = seated.includes(expert);
    return {
      place: place + 1,
      expert,
      position: short(position),
      seat: words.say(sits ? "seated" : "not-seated"),
      holds: drawn.published[place] === label,
      won: sits,
    };
  });
}

/** Everybody whom the record names and everybody who was drawn. */
function seatsOf({ words, of }, lot) {
  const [drawn] = of("experts-drawn").filter((each) => each.lot === lot.number);
  const same = (one, other) => one[0] === other[0] && one[1] === other[1];
  const missing = drawn.computed.filter((seat) => !drawn.published.some((told) => same(told, seat)));
  const named = lot.experts.map(({ code = null, iteration = null, status }) => ({ seat: [code, iteration], status }));
  return [...named, ...missing.map((seat) => ({ seat, status: null }))].map(({ seat, status }) => ({
    expert: seat[0],
    iteration: words.say("nth-draw", { n: seat[1] }),
    status: words.has(`seat-${status}`) ? words.say(`seat-${status}`) : status,
    holds: status !== null && drawn.computed.some((each) => same(each, seat)),
  }));
}

/** Why a lot failed whose panel could not be filled. @returns {string} */
export function shortSentence({ words, record }, numbers) {
  return words.say(`panel-${numbers.failed}`, { ...numbers, codes: record.chainLength - 1 });
}

/** The points as on paper: the formulas with the weights of the round, who marked, and the arithmetic of the winner. */
export function scoredSentences({ words, record, computed, of, name, byFirm, number }) {
  const { weights } = record.parameters;
  const { lowest, marks } = computed.working;
  const terms = { ...weights, lowest: money(lowest) };
  const said = [words.say("way-scored", weights), words.say("way-scored-parts", terms)];
  const [once] = of("marks-once").filter((each) => each.lot === number);
  if (once) said.push(words.say("way-scored-marked", { experts: once.experts.length, firms: once.firms, marks: once.marks }));
  if (Object.values(marks).some((each) => each.dropped.length)) said.push(words.say("way-scored-trimmed"));
  const [first] = computed.ranking;
  const { amount, credit } = byFirm.get(first);
  const points = Object.fromEntries(Object.entries(computed.scores[first]).map(([part, each]) => [`${part}_points`, each]));
  const values = { ...terms, ...points, firm: name(first), amount: money(amount), mean: marks[first].mean, credit };
  return [...said, words.say("way-scored-firm", values)];
}

/** What the experts made of every firm, in the order of the result. */
export function markRows({ words, record, computed, of, name, number }) {
  const lot = record.lots.find((each) => each.number === number);
  const [once] = of("marks-once").filter((each) => each.lot === number);
  const experts = [...(once?.experts ?? [])].sort();
  return computed.ranking.map((uscc) => {
    const marks = lot.marks.filter((each) => each.uscc === uscc);
    const { dropped, mean } = computed.working.marks[uscc];
    const entry = lot.entries.find((each) => each.uscc === uscc);
    const { quality } = computed.scores[uscc];
    return {
      firm: name(uscc),
      marks: words.list(marks.map((each) => each.mark)),
      dropped: dropped.length ? words.list(dropped) : words.say("none-dropped"),
      mean,
      quality,
      holds: sameJson(marks.map((each) => each.expert).sort(), experts) && entry.scores.quality === quality,
      won: uscc === computed.winner,
    };
  });
}
