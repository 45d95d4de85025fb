// What the entries of the log tell of a round beside what its record says, and the histories of its envelopes; the twin of
// protocol/verify_told.py.

import { decode, isHex, sha256Hex, utf8 } from "./canonical.js";
import { check, digestOf, isObject, sameJson, wasEligible } from "./check.js";
import { byUtf8 } from "./draw.js";
import { isBlind, isMarked } from "./methods.js";
import { asked, panelsDigest, poolIsLogged } from "./verify_experts.js";

export const MOST_REPLACEMENTS = 10;
const ADDENDUM = "round.addendum";
/** Why a winner is one no more: it gave up, or a regulator had it step aside. */
const LEFT = ["round.walked_away", "round.recused"];
const SUBSTITUTED = "round.substituted";
/** Steps that a round may take again after its winner has left; the record tells the last time of each. */
const AGAIN = ["round.evaluated", "round.candidate", "round.awarded"];
const ORDER = [
  "announced_at", "closes_at", "closed_at", "opened_at", "evaluated_at", "candidate_at", "awarded_at", "contracted_at",
];

/** By type of entry: the step that it belongs to, its time in the record, and what else both say. */
const KINDS = {
  "round.announced": { group: "announced", moment: "announced_at", compare: announced },
  "round.closed": { group: "sealed", moment: "closed_at", compare: closed },
  "round.opened": { group: "opened", moment: "opened_at", compare: opened },
  "round.evaluated": { group: "method", moment: "evaluated_at", compare: evaluated },
  "round.candidate": { group: "method", moment: "candidate_at", compare: notified },
  "round.awarded": { group: "method", moment: "awarded_at", compare: notified },
  "round.contracted": { group: "log", moment: "contracted_at" },
  "round.failed": { group: "log", moment: "ended_at" },
  "round.cancelled": { group: "log", moment: "ended_at" },
  "round.void": { group: "log", moment: "ended_at" },
};

/** What the entries say is what the record says, and they came in their order. */
export async function* toldBy(record, told) {
  const read = [];
  for (const { index, bytes } of told) {
    const entry = entryIn(bytes);
    if (entry?.subject !== `round/${record.round}`) {
      yield check("log", "entry-subject", false, { index });
      return;
    }
    read.push({ index, entry });
  }
  const indexes = read.map((each) => each.index);
  yield check("log", "entries-order", indexes.every(Number.isSafeInteger) && isRising(indexes), { indexes });
  const types = read.map((each) => String(each.entry.type));
  yield check("log", "types", sameJson(types, record.log.map((each) => String(each.type))), { types });
  const steps = types.filter((type) => Object.hasOwn(KINDS, type) || LEFT.includes(type));
  const status = LEFT.includes(steps.at(-1)) ? "evaluated" : steps.at(-1)?.slice("round.".length);
  yield check("log", "status", record.status === status, { published: record.status, told: status });
  const again = types.some((type) => LEFT.includes(type)) ? [...LEFT, ...AGAIN] : [];
  const once = steps.filter((type) => !again.includes(type));
  yield check("log", "steps-once", new Set(once).size === once.length);
  yield* asked(record, read);
  const addenda = read.filter(({ entry }) => entry.type === ADDENDUM && isObject(entry.data)).map(({ entry }) => entry.data);
  const winners = new Map(record.lots.filter((lot) => lot.result).map((lot) => [lot.number, lot.result.winner ?? null]));
  for (const [at, { index, entry }] of read.entries()) {
    const last = !types.slice(at + 1).includes(String(entry.type));
    yield* oneEntry(record, { index, entry, addenda, winners, last });
    if (entry.type === SUBSTITUTED && isObject(entry.data)) winners.set(String(entry.data.lot), entry.data.in ?? null);
  }
  yield* substitutions(record, read.filter(({ entry }) => entry.type === SUBSTITUTED).map(({ entry }) => entry.data));
  const moments = ORDER.map((name) => record.times[name] ?? null).filter((moment) => moment !== null);
  yield check("log", "times", sameJson(moments, [...moments].sort()));
}

function entryIn(bytes) {
  try {
    const entry = decode(bytes);
    return entry !== null && typeof entry === "object" ? entry : null;
  } catch {
    return null;
  }
}

/** Whether numbers ascend and none stands twice. @returns {boolean} */
export function isRising(numbers) {
  return numbers.every((each, place) => place === 0 || numbers[place - 1] < each);
}

/** One entry against the record; of a step that was taken again only the last has its time there. */
async function* oneEntry(record, { index, entry, ...known }) {
  const { type, at } = entry;
  if (!Object.hasOwn(KINDS, type)) return;
  const { group, moment, compare } = KINDS[type];
  const published = record.times[moment] ?? null;
  if (known.last) yield check(group, "entry-time", published === at, { type, index, at, published });
  if (!compare) return;
  const data = isObject(entry.data) ? entry.data : {};
  for await (const [step, what, holds, numbers = {}] of compare(record, data, { ...known, type })) yield check(step, what, holds, numbers);
}

function* announced(record, data, { addenda }) {
  const [committed, keys] = [data.commitment ?? {}, data.keys ?? {}];
  const { commitment, chainLength } = record;
  const [platform, custodian] = [record.keys.platform.public, record.keys.custodian.public];
  const agrees = (what, told, published) => {
    return ["announced", `announced-${what}`, sameJson(told ?? null, published), { told, published }];
  };
  yield deadline(record, [data, ...addenda].map((each) => String(each.closes_at)));
  yield agrees("commitment", [committed.value ?? null, committed.n ?? null], [commitment, chainLength]);
  yield agrees("keys", [keys.platform ?? null, keys.custodian ?? null], [platform, custodian]);
  yield agrees("method", data.method, record.method);
  yield agrees("parameters", withoutWords(data.parameters ?? {}), withoutWords(record.parameters));
  yield agrees("minimum", data.minimum, record.minimum);
  yield agrees("policy", data.policy, record.policy);
  yield agrees("lots", data.lots, record.lots.map((lot) => lot.number));
  const several = record.lots.length > 1;
  yield agrees("limits", data.limits, several ? Object.fromEntries(record.lots.map((lot) => [lot.number, lot.limits])) : null);
  if (isMarked(record.method)) yield agrees("experts", data.experts, record.experts);
  if (record.consortiumMost !== null || Object.hasOwn(data, "consortium_most")) {
    yield agrees("consortia", data.consortium_most, record.consortiumMost);
  }
  if (record.services.length > 0 || Object.hasOwn(data, "services")) {
    yield agrees("services", data.services, record.services);
  }
}

/** The deadline is the one announced, or the one to which the last addendum moved it: later, never earlier. */
function deadline({ times: { closes_at: published } }, told) {
  const holds = sameJson(told, [...told].sort()) && told.at(-1) === published;
  return ["announced", "announced-deadline", holds, { told: told.at(-1), published }];
}

/** The ground is in the log as a blinded hash only; that there is one is the same in both. */
function withoutWords(parameters) {
  return Object.hasOwn(parameters, "ground") ? { ...parameters, ground: Boolean(parameters.ground) } : parameters;
}

async function* closed(record, data) {
  if (isMarked(record.method)) yield ["draw", "closed-pool", await poolIsLogged(record, data)];
  if (record.times.opened_at === null || (isBlind(record.method) && record.status === "opened")) {
    yield ["sealed", "closed-entrants", null];
    return;
  }
  const lines = record.lots.flatMap((lot) =>
    [...lot.entries]
      .sort((one, other) => byUtf8(one.uscc, other.uscc))
      .map((entry) => [lot.number, entry.uscc, entry.sha256, wasEligible(entry), entry.credit]),
  );
  const computed = await digestOf(lines);
  const holds = data.count === lines.length && data.sha256 === computed;
  yield ["sealed", "closed-entrants", holds, { count: lines.length, told: data.sha256, computed }];
}

function* opened(record, data) {
  if (record.keys.platform.private === null) {
    yield ["keys", "opened-keys", null];
    return;
  }
  if (!isBlind(record.method)) yield ["keys", "opened-keys", areOurs(record, data.keys)];
  const codes = record.lots.flatMap((lot) => lot.draws.filter((each) => each.iteration === 1).map((each) => each.code));
  yield ["draw", "opened-code", codes.every((code) => code === data.code), { code: data.code }];
}

function areOurs({ keys: { platform, custodian } }, told) {
  return sameJson(told ?? null, { platform: platform.private, custodian: custodian.private });
}

async function* evaluated(record, data) {
  if (isBlind(record.method)) yield ["keys", "evaluated-keys", areOurs(record, data.keys)];
  if (isMarked(record.method)) {
    const computed = await panelsDigest(record);
    yield ["method", "evaluated-panels", data.panels === computed, { told: data.panels, computed }];
  }
  const results = record.lots.filter((lot) => lot.result !== null).map((lot) => [lot.number, lot.result]);
  const computed = await digestOf(Object.fromEntries(results));
  const holds = data.lots === new Map(results).size && data.sha256 === computed;
  yield ["method", "evaluated-results", holds, { told: data.sha256, computed }];
}

/** The notice of the candidate, and of the award: to the firms in force at that moment. */
function* notified(record, data, { type, winners, last }) {
  const step = type.slice("round.".length);
  if (step === "candidate" && last) {
    const until = data.until ?? null;
    yield ["method", "candidate-until", until === (record.times.candidate_until ?? null), { until }];
  }
  const listed = (Array.isArray(data.winners) ? data.winners : []).filter(isObject);
  const told = new Map(listed.map((each) => [String(each.lot), each.uscc]));
  const won = [...winners].filter(([, uscc]) => uscc);
  const same = won.length === told.size && won.every(([lot, uscc]) => told.has(lot) && isParty(told.get(lot), uscc));
  yield ["method", `${step}-winners`, same];
}

/** Codes of sole traders are in the log as a blinded hash, which the record does not open. */
function isParty(told, uscc) {
  return (told ?? null) === uscc || (uscc !== null && isHex(told, 32));
}

/** Every substitution of the record is in the log, lot by lot in its order. */
function* substitutions({ lots }, told) {
  for (const lot of lots) {
    const logged = told.filter((each) => isObject(each) && each.lot === lot.number);
    const settled = lot.substitutions.filter((each) => each.settled);
    if (logged.length === 0 && settled.length === 0) continue;
    const pairs = settled.map((each, place) => [each, logged[place] ?? {}]);
    const agree = pairs.every(([each, entry]) => isParty(entry.out, each.out) && isParty(entry.in, each.successor));
    yield check("method", "substitutions-logged", logged.length === settled.length && agree, { lot: lot.number });
  }
}

/** Firm by firm: only a token or the service centre, with its reason, replaces or withdraws; at most ten times. */
export async function* histories({ events }) {
  const tokens = new Map();
  const replaced = new Map();
  for (const told of events) {
    const event = told.event ?? {};
    const [lot, uscc, type] = [String(event.lot), String(event.uscc), event.type];
    const whose = JSON.stringify([lot, uscc]);
    const of = { lot, uscc, type, at: event.at, sha256: event.sha256, index: told.index };
    if (type === "envelope.received") yield check("sealed", "received", !tokens.has(whose), of);
    else {
      const byCentre = type === "envelope.withdrawn" && Boolean(event.reason);
      const shown = byCentre || tokens.get(whose) === (await sha256Hex(utf8(String(event.token ?? ""))));
      const what = byCentre ? "withdrawn-by-centre" : type === "envelope.withdrawn" ? "withdrawn" : "replaced";
      yield check("sealed", what, tokens.has(whose) && shown, { ...of, reason: event.reason });
    }
    if (type === "envelope.withdrawn") tokens.delete(whose);
    else tokens.set(whose, String(event.token_sha256));
    replaced.set(whose, (replaced.get(whose) ?? 0) + (type === "envelope.replaced" ? 1 : 0));
  }
  const most = Math.max(0, ...replaced.values());
  const total = [...replaced.values()].reduce((sum, each) => sum + each, 0);
  yield check("sealed", "few-replacements", most <= MOST_REPLACEMENTS, { most, total });
}
