// What a record says of its auctions, checked: every offer is played again, and stands in the log as told; the twin of
// protocol/verify_auction.py.

import { replay, termsOf } from "./auction.js";
import { decode, encode, fromHex, joined, sha256Hex, utf8 } from "./canonical.js";
import { check, sameJson, wasEligible } from "./check.js";
import { cents } from "./money.js";
import { problemsOf, termsOfLot } from "./parameters.js";

const CODE = "auction";

/** Every check of the auctions of a record; none for other methods. @param {import("./record.js").Record} record */
export async function* auctionChecks(record) {
  if (record.method !== CODE) return;
  const logged = loggedBy(record);
  for (const lot of record.lots) {
    const of = { lot: lot.number };
    if (lot.auction === null) {
      yield check("method", "auction-none", lot.offers.length === 0, of);
      continue;
    }
    yield* played(record, lot);
    yield* names(record, lot);
    if (record.proof === null) yield check("log", "auction-offers-logged", null, of);
    else yield* againstLog(lot, logged.get(lot.number) ?? { scheduled: [], offers: [], pauses: [], timely: true });
  }
}

function* played(record, lot) {
  const of = { lot: lot.number, count: lot.offers.length };
  const { starts, ends } = lot.auction;
  const numbered = lot.offers.every((offer, place) => offer.n === place + 1);
  yield check("method", "auction-numbered", numbered, of);
  const opened = record.times.opened_at;
  yield check("method", "auction-after-opening", opened !== null && opened <= starts && starts < ends, of);
  const given = termsOfLot(record, lot);
  if (problemsOf(CODE, given).length) {
    yield check("method", "auction-played", null, of);
    return;
  }
  const terms = termsOf(given, { startsAt: Date.parse(starts), endsAt: Date.parse(ends) });
  const { standing, problems } = replay(terms, steps(lot));
  yield check("method", "auction-played", problems.length === 0, { ...of, problems });
  const evaluated = record.times.evaluated_at ?? null;
  if (evaluated === null) return;
  const over = standing.pausedAt === null && standing.endsAt <= Date.parse(evaluated);
  yield check("method", "auction-over", over, { ...of, ended: new Date(standing.endsAt).toISOString() });
}

/** Offers and pauses in their order. No offer is taken in the moment of a pause, unless it was before it. */
function steps({ offers, auction }) {
  const all = offers.map(({ at, amount, pseudonym, ends }) => ({
    kind: "offer", rank: 1, at: Date.parse(at), amount: cents(amount), pseudonym, endsAt: Date.parse(ends),
  }));
  for (const { at, until } of auction.pauses) {
    all.push({ kind: "paused", rank: 2, at: Date.parse(at) });
    if (until !== null) all.push({ kind: "resumed", rank: until > at ? 0 : 3, at: Date.parse(until) });
  }
  return all.sort((one, other) => one.at - other.at || one.rank - other.rank);
}

/** Whose offers they were: by a map that the log has had since before the start. */
async function* names(record, lot) {
  const of = { lot: lot.number };
  const { pseudonyms, blind, map } = lot.auction;
  if (problemsOf(CODE, termsOfLot(record, lot)).length) return;
  if (pseudonyms === null) {
    const keptBack = !lot.offers.some((offer) => offer.uscc) && !record.times.evaluated_at;
    yield check("method", "auction-kept-back", keptBack ? null : false, of);
    return;
  }
  const named = (pseudonym) => (Object.hasOwn(pseudonyms, pseudonym) ? pseudonyms[pseudonym] : null);
  yield check("method", "auction-names", lot.offers.every((offer) => named(offer.pseudonym) === offer.uscc), of);
  const entered = lot.entries.filter((entry) => entry.opened && wasEligible(entry)).map((entry) => entry.uscc);
  yield check("method", "auction-everybody", sameJson(Object.values(pseudonyms).sort(), entered.sort()), of);
  if (blind === null) {
    yield check("method", "auction-map", null, of);
    return;
  }
  const told = await sha256Hex(joined(fromHex(blind), encode(pseudonyms)));
  yield check("method", "auction-map", told === map, { ...of, computed: told, published: map });
}

/** The entries of auctions by lot. Whether they are in the log, and about this round, is checked by verify_log. */
function loggedBy({ proof }) {
  const found = new Map();
  for (const each of proof?.entries ?? []) {
    const entry = read(each);
    if (entry === null || !String(entry.type).startsWith(`${CODE}.`)) continue;
    if (entry.data === null || typeof entry.data !== "object" || Array.isArray(entry.data)) continue;
    const lot = String(entry.data.lot);
    if (!found.has(lot)) found.set(lot, { scheduled: [], offers: [], pauses: [], timely: true });
    add(found.get(lot), entry);
  }
  return found;
}

function read(each) {
  try {
    const entry = decode(utf8(String(each.entry)));
    return entry !== null && typeof entry === "object" && !Array.isArray(entry) ? entry : null;
  } catch {
    return null;
  }
}

function add(logged, { type, at, data }) {
  if (type === "auction.scheduled") {
    logged.scheduled.push({ at: String(at), data });
    return;
  }
  logged.timely &&= data.at === at;
  if (type === "auction.offer") logged.offers.push(data);
  else if (type === "auction.paused") logged.pauses.push({ at: data.at ?? null, until: null });
  else if (logged.pauses.length) logged.pauses.at(-1).until = data.at ?? null;
}

function* againstLog(lot, logged) {
  const of = { lot: lot.number, count: lot.offers.length };
  const { starts, ends, map, pauses } = lot.auction;
  const told = { ends_at: ends, lot: lot.number, map, starts_at: starts };
  yield check("log", "auction-announced", sameJson(logged.scheduled.map((each) => each.data), [told]), of);
  yield check("log", "auction-announced-early", logged.scheduled.every((each) => each.at < starts), of);
  const offers = lot.offers.map((offer) => ({
    amount: offer.amount, at: offer.at, ends_at: offer.ends, lot: lot.number, n: offer.n, pseudonym: offer.pseudonym,
  }));
  yield check("log", "auction-offers-same", sameJson(logged.offers, offers), of);
  yield check("log", "auction-timely", logged.timely, of);
  yield check("log", "auction-pauses", sameJson(logged.pauses, pauses), of);
}
