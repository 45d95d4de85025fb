// Reading the public record of a round (PROTOCOL §5), strictly: what is not as it is written there is said, not guessed; the
// twin of protocol/record.py. Amounts, scores and times stay text: each has one form only, so equal text is an equal value.

import { fromBase64, isHex } from "./canonical.js";
import { isAmount } from "./money.js";

export const VERSION = 1;
const SCORE = /^(?:(?:[0-9]|[1-9][0-9])\.[0-9]{2}|100\.00)$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const OCTETS = 32;

/**
 * @typedef {{uscc: string, name: string, envelope: Uint8Array | null, sha256: string, opened: boolean | null,
 *   amount: string | null, days: number | null, nonce: string | null, valid: boolean | null, reason: string | null,
 *   credit: string | null, scores: Object, members: {uscc: string, name: string, blind: string | null}[]}} Entry `name` is for
 *   people and computes nothing; `blind` of a member where the sealed events hold its code blinded
 * @typedef {{purpose: string, iteration: number, code: string, randomness: string, labels: string[], order: string[]}} Draw
 * @typedef {{out: string, successor: string | null, iteration: number | null, settled: boolean}} Substitution a winner that
 *   walked away, and who follows; `iteration` is that of the new draw, where there is one
 * @typedef {{n: number, at: string, uscc: string | null, pseudonym: string, amount: string, ends: string}} Offer
 * @typedef {{starts: string, ends: string, pauses: {at: string, until: string | null}[], map: string, blind: string | null,
 *   pseudonyms: Object<string, string> | null}} Auction
 * @typedef {{number: string, limits: Object<string, string | null>, entries: Entry[], offers: Offer[], auction: Auction | null,
 *   experts: Object[], marks: {uscc: string, expert: string | null, mark: string}[], draws: Draw[], result: Object | null,
 *   substitutions: Substitution[]}} Lot
 * @typedef {{public: string | null, private: string | null}} Pair
 * @typedef {{round: string, status: string, method: string, parameters: Object, minimum: number, experts: number | null,
 *   policy: string | null,
 *   times: Object<string, string | null>, keys: {platform: Pair, custodian: Pair}, commitment: string, chainLength: number,
 *   sources: string[], consortiumMost: number | null, services: Object<string, string>[], lots: Lot[], events: Object[], log: Object[], checkpoints: Object<string, string | null>,
 *   proof: Object | null, pool: Object | null}} Record `experts` is how many mark, `pool` among whom they were drawn;
 *   `services` those that one firm does together, none where it is one
 */

/** The record departs from PROTOCOL §5 at `where`, such as `lots.0.entries.2.sha256`. */
export class BadRecord extends Error {
  constructor(where, what) {
    super(`${where || "record"}: ${what}`);
    this.name = "BadRecord";
    this.where = where;
  }
}

/**
 * Reads a record.
 *
 * @param {string} text
 * @returns {Record}
 * @throws {BadRecord} for the first departure from PROTOCOL §5
 */
export function readRecord(text) {
  const top = new Part(parsed(text), "");
  if (top.take("v", "number") !== VERSION) throw new BadRecord("v", "this version is not known here");
  const [policy, times, commitment] = ["policy", "timetable", "commitment"].map((name) => top.part(name));
  const keys = top.part("keys");
  const checkpoints = top.part("checkpoints");
  const record = {
    round: top.take("round", "string"),
    status: top.take("status", "string"),
    method: top.take("method", "string"),
    parameters: top.take("parameters", "object"),
    minimum: policy.take("minimum", "number"),
    experts: policy.has("experts") ? policy.optional("experts", "number") : null,
    policy: policy.optional("version", "string"),
    times: Object.fromEntries(Object.keys(times.members).map((name) => [name, times.time(name)])),
    keys: { platform: pair(keys.part("platform")), custodian: pair(keys.part("custodian")) },
    commitment: required(commitment.hex("value"), "commitment.value"),
    chainLength: commitment.take("n", "number"),
    sources: commitment.parts("sources").map((each) => each.take("value", "string")),
    consortiumMost: top.has("consortium_most") ? top.take("consortium_most", "number") : null,
    services: top.has("services") ? top.parts("services").map(serviceOf) : [],
    lots: top.parts("lots").map(lot),
    events: top.parts("events").map((each) => each.members),
    log: top.parts("log").map((each) => each.members),
    checkpoints: Object.fromEntries(
      ["announced", "closed", "opened"].map((name) => [name, checkpoints.optional(name, "string")]),
    ),
    proof: top.has("proof") ? top.optional("proof", "object") : null,
    pool: top.has("pool") ? top.optional("pool", "object") : null,
  };
  required(times.time("closes_at"), "timetable.closes_at");
  times.time("opened_at");
  required(record.keys.platform.public, "keys.platform.public");
  return record;
}

/** Whether a value is a time of the one form in which time is written. @returns {boolean} */
export function isTime(value) {
  if (typeof value !== "string" || !TIME.test(value) || value.startsWith("0000")) return false;
  const moment = new Date(value);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRecord("", `not JSON: ${error.message}`);
  }
}

function pair(part) {
  return { public: part.hex("public"), private: part.hex("private") };
}

function serviceOf(part) {
  return Object.fromEntries(["department", "item", "service"].map((name) => [name, part.take(name, "string")]));
}

function lot(part) {
  return {
    number: part.take("lot", "string"),
    limits: part.has("limits") ? limits(part.part("limits")) : {},
    entries: part.parts("entries").map(entry),
    offers: part.parts("offers").map(offer),
    auction: part.has("auction") ? auction(part.part("auction")) : null,
    experts: part.has("experts") ? part.parts("experts").map((each) => each.members) : [],
    marks: part.parts("marks").map(mark),
    draws: part.parts("draws").map(drawn),
    result: part.optional("result", "object"),
    substitutions: part.has("substitutions") ? part.parts("substitutions").map(substitution) : [],
  };
}

function limits(part) {
  return Object.fromEntries(Object.keys(part.members).map((name) => [name, part.amount(name)]));
}

function mark(part) {
  return {
    uscc: part.take("uscc", "string"),
    mark: part.given("mark", "score"),
    expert: part.has("expert") ? part.optional("expert", "string") : null,
  };
}

function offer(part) {
  return {
    n: part.take("n", "number"),
    at: part.given("at", "time"),
    uscc: part.optional("uscc", "string"),
    pseudonym: part.take("pseudonym", "string"),
    amount: part.given("amount"),
    ends: part.given("ends_at", "time"),
  };
}

/** What else is needed to play a lot's offers again: its times as announced, its pauses, and the map of pseudonyms. */
function auction(part) {
  const hidden = part.part("map");
  const blind = hidden.blind("blind");
  const pseudonyms = hidden.optional("pseudonyms", "object");
  if (pseudonyms !== null && !Object.values(pseudonyms).every(KINDS.string)) {
    throw new BadRecord(hidden.at("pseudonyms"), "texts are expected");
  }
  return {
    starts: part.given("starts_at", "time"),
    ends: part.given("ends_at", "time"),
    pauses: part.parts("pauses").map((each) => ({ at: each.given("at", "time"), until: each.time("until") })),
    map: hidden.given("sha256", "hex"),
    blind,
    pseudonyms,
  };
}

/** `iteration` and `settled` are more than PROTOCOL §5 asks for. */
function substitution(part) {
  return {
    out: part.take("out", "string"),
    successor: part.optional("in", "string"),
    iteration: part.has("iteration") ? part.optional("iteration", "number") : null,
    settled: part.has("settled") ? Boolean(part.optional("settled", "boolean")) : true,
  };
}

function entry(part) {
  const uscc = part.take("uscc", "string");
  return {
    uscc,
    name: nameIn(part, uscc),
    envelope: part.bytes("envelope"),
    sha256: part.given("sha256", "hex"),
    opened: part.optional("opened", "boolean"),
    amount: part.amount("amount"),
    days: part.optional("days", "number"),
    nonce: part.hex("nonce"),
    valid: part.optional("valid", "boolean"),
    reason: part.optional("reason", "string"),
    credit: part.score("credit"),
    scores: part.take("scores", "object"),
    members: part.has("members") ? part.parts("members").map(member) : [],
  };
}

/** A member of a consortium beside its lead firm. */
function member(part) {
  const uscc = part.take("uscc", "string");
  return { uscc, name: nameIn(part, uscc), blind: part.has("blind") ? part.blind("blind") : null };
}

function nameIn({ members: { name } }, uscc) {
  return typeof name === "string" && name ? name : uscc;
}

function drawn(part) {
  return {
    purpose: part.take("purpose", "string"),
    iteration: part.take("iteration", "number"),
    code: part.given("one_time_code", "hex"),
    randomness: part.take("randomness", "string"),
    labels: part.texts("labels"),
    order: part.texts("order"),
  };
}

const KINDS = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value) => Number.isSafeInteger(value),
  object: (value) => typeof value === "object" && !Array.isArray(value),
  list: Array.isArray,
};

/** An object of the record and where it stands. */
class Part {
  constructor(members, where) {
    if (members === null || !KINDS.object(members)) throw new BadRecord(where, "an object is expected");
    this.members = members;
    this.where = where;
  }

  at(name) {
    return this.where ? `${this.where}.${name}` : name;
  }

  has(name) {
    return Object.hasOwn(this.members, name);
  }

  optional(name, kind) {
    if (!this.has(name)) throw new BadRecord(this.at(name), "is missing");
    const value = this.members[name];
    if (value !== null && !KINDS[kind](value)) throw new BadRecord(this.at(name), `${kind} is expected`);
    return value;
  }

  take(name, kind) {
    return required(this.optional(name, kind), this.at(name));
  }

  /** What may not be null: an amount, or a text of another of the forms below. */
  given(name, form = "amount") {
    return required(this[form](name), this.at(name));
  }

  part(name) {
    return new Part(this.take(name, "object"), this.at(name));
  }

  parts(name) {
    return this.take(name, "list").map((each, index) => new Part(each, `${this.at(name)}.${index}`));
  }

  texts(name) {
    const values = this.take(name, "list");
    if (!values.every(KINDS.string)) throw new BadRecord(this.at(name), "a list of texts is expected");
    return values;
  }

  form(name, fits, expected) {
    const value = this.optional(name, "string");
    if (value !== null && !fits(value)) throw new BadRecord(this.at(name), expected);
    return value;
  }

  hex(name) {
    return this.form(name, (value) => isHex(value, OCTETS), "64 lower-case hex digits are expected");
  }

  blind(name) {
    return this.form(name, (value) => isHex(value, OCTETS / 2), "32 lower-case hex digits are expected");
  }

  amount(name) {
    return this.form(name, isAmount, "an amount such as 48000.00 is expected");
  }

  score(name) {
    return this.form(name, (value) => SCORE.test(value), "a number from 0 to 100 such as 87.40 is expected");
  }

  time(name) {
    return this.form(name, isTime, "a time such as 2026-11-22T08:00:00.000Z is expected");
  }

  bytes(name) {
    const value = this.optional(name, "string");
    try {
      return value === null ? null : fromBase64(value);
    } catch {
      throw new BadRecord(this.at(name), "base64 is expected");
    }
  }
}

function required(value, where) {
  if (value === null) throw new BadRecord(where, "is null");
  return value;
}
