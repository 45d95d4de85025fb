// What a record says of the log, checked (PROTOCOL §1, §5): signatures, inclusion, consistency, times, and what both say; the
// twin of protocol/verify_log.py. `live` compares it with the log as it is now.

import { encode, fromBase64, fromHex, joined, sha256Hex, toHex, utf8 } from "./canonical.js";
import { check } from "./check.js";
import { leafHash, parseVkey, rootFrom, verifiedCheckpoint, verifyConsistency } from "./log.js";
import { histories, isRising, toldBy } from "./verify_told.js";

const BLIND_OCTETS = 16;

/** Every check of the log that the record allows, by the keys that the record names; `live` says whether they are the log's. */
export async function* logChecks(record) {
  const { proof } = record;
  if (proof === null) {
    for (const group of ["announced", "sealed", "log"]) yield check(group, "log-pending", null);
    return;
  }
  let read;
  try {
    read = await readProof(proof);
  } catch (error) {
    yield check("log", "signed", false, { detail: error.message });
    return;
  }
  const { keys, head, told } = read;
  const names = { log: keys.log.name, custodian: keys.custodian.name, at: head.cosignedAt, size: head.size };
  yield check("log", "signed", true, { ...names, root: toHex(head.root) });
  yield* inclusion(record, read);
  for (const name of ["announced", "closed", "opened"]) yield* checkpoint(record, name, { keys, head });
  yield* toldBy(record, told);
  yield* events(record);
}

/** @throws {Error} for a proof that cannot be read, and a checkpoint that is not signed and cosigned */
async function readProof(proof) {
  const keys = { log: await parseVkey(proof.log), custodian: await parseVkey(proof.custodian) };
  const head = await signed(proof.checkpoint, keys);
  const told = await Promise.all(
    proof.entries.map(async ({ index, entry }) => {
      if (!Number.isInteger(index)) throw new TypeError("the index of an entry is no integer");
      const bytes = utf8(String(entry));
      return { index, bytes, leaf: await leafHash(bytes) };
    }),
  );
  return { keys, head, told, hashes: proof.hashes.map(fromBase64) };
}

async function signed(note, { log, custodian }) {
  const head = await verifiedCheckpoint(String(note), { log, witness: custodian });
  if (head.cosignedAt === null) throw new Error("the custodian has not cosigned the checkpoint");
  return head;
}

/** All entries that the record names, sealed ones too, give the signed root together. */
async function* inclusion(record, { head, told, hashes }) {
  const listed = record.log.map((each) => `${each.index} ${each.leaf}`);
  const mine = told.map((each) => `${each.index} ${toHex(each.leaf)}`);
  const leaves = new Map(told.map((each) => [each.index, each.leaf]));
  const same = leaves.size === told.length && listed.join() === mine.join();
  yield check("log", "listed", same, { count: told.length });
  for (const each of record.events) {
    const leaf = await sealedLeaf(each);
    if (leaf !== null) leaves.set(each.index, leaf);
  }
  const whole = leaves.size === told.length + record.events.length;
  const root = whole ? await rootFrom(leaves, head.size, hashes) : null;
  const numbers = { count: leaves.size, sealed: record.events.length, hashes: hashes.length, size: head.size };
  yield check("log", "included", root !== null && toHex(root) === toHex(head.root), { ...numbers, root: root && toHex(root) });
}

/** The leaf of a sealed entry, computed from what it has turned out to say; null for what could not be one. */
async function sealedLeaf({ blind, event }) {
  try {
    const bytes = fromHex(blind);
    if (bytes.length !== BLIND_OCTETS) return null;
    const data = { c: await sha256Hex(joined(bytes, encode(event))) };
    return await leafHash(encode({ at: event.at, data, subject: "sealed", type: "sealed", v: 1 }));
  } catch {
    return null;
  }
}

const GROUP_OF = { announced: "announced", closed: "sealed", opened: "opened" };

/** One of the announcement, the closing and the opening: signed, cosigned, in time, and the beginning of the last one. */
async function* checkpoint(record, name, { keys, head }) {
  const group = GROUP_OF[name];
  const index = record.log.find((each) => each.type === `round.${name}`)?.index;
  const text = record.checkpoints[name];
  if (text === null) {
    yield check(group, "checkpoint-there", index === undefined ? null : false, { type: `round.${name}` });
    return;
  }
  let early;
  let hashes;
  try {
    early = await signed(text, keys);
    hashes = record.proof.consistency.find((each) => each.size === early.size).hashes.map(fromBase64);
  } catch (error) {
    yield check(group, "checkpoint-signed", false, { type: `round.${name}`, detail: error.message });
    return;
  }
  const of = { type: `round.${name}`, size: early.size, at: early.cosignedAt, index };
  yield check(group, "checkpoint-signed", true, of);
  yield check(group, "checkpoint-begins", await goesOn(early, head, hashes), of);
  yield check(group, "checkpoint-entry", Number.isSafeInteger(index) && index < early.size, of);
  yield check(group, "checkpoint-time", isInTime(name, early.cosignedAt, record), { ...of, closes: record.times.closes_at });
}

function goesOn(early, late, proof) {
  return verifyConsistency({ from: early.size, to: late.size, fromRoot: early.root, toRoot: late.root, proof });
}

/** The announcement of what was opened was public before the deadline; the closing was not before it. */
function isInTime(name, at, { times }) {
  const deadline = Date.parse(times.closes_at) / 1000;
  return name === "announced" ? times.opened_at === null || at < deadline : at >= Math.floor(deadline);
}

/** The sealed log: everything stands before the closing, and follows from what stood before it. */
async function* events(record) {
  if (record.times.opened_at === null) return;
  const closed = record.log.find((each) => each.type === "round.closed")?.index;
  const indexes = record.events.map((each) => each.index);
  const whole = Number.isSafeInteger(closed) && indexes.every(Number.isSafeInteger);
  yield check("sealed", "before-closing", whole && indexes.every((index) => index < closed), { closed });
  yield check("sealed", "events-order", whole && isRising(indexes));
  yield* histories(record);
}

/**
 * The keys that a site shows as its log's and its custodian's.
 *
 * @param {(path: string) => Promise<string>} fetchText reads addresses below `…/ledger/`
 * @returns {Promise<{log: string, custodian: string}>}
 */
export async function keysOf(fetchText) {
  const [log, custodian] = await Promise.all([fetchText("vkey"), fetchText("witnesses")]);
  return { log: log.split("\n")[0], custodian: custodian.split("\n")[0] };
}

/**
 * Checks against the log as it is now.
 *
 * @param {import("./record.js").Record} record
 * @param {(path: string) => Promise<string>} fetchText as for `keysOf`; what it throws is passed on
 * @param {{log: string, custodian: string}} shown the keys that the log shows
 */
export async function* live({ proof }, fetchText, shown) {
  if (proof === null) return;
  const same = proof.log === shown.log && proof.custodian === shown.custodian;
  yield check("log", "live-keys", same, { record: { log: proof.log, custodian: proof.custodian }, shown });
  const text = await fetchText("checkpoint");
  let early;
  let newest;
  try {
    const keys = { log: await parseVkey(proof.log), custodian: await parseVkey(proof.custodian) };
    early = await signed(proof.checkpoint, keys);
    newest = await verifiedCheckpoint(text, { log: keys.log });
  } catch (error) {
    yield check("log", "live-continues", false, { detail: error.message });
    return;
  }
  const numbers = { from: early.size, to: newest.size };
  const told = await fetchText(`proof/consistency?from=${early.size}&to=${newest.size}`);
  yield check("log", "live-continues", await isContinued(early, newest, told), numbers);
}

async function isContinued(early, newest, told) {
  try {
    return await goesOn(early, newest, JSON.parse(told).hashes.map(fromBase64));
  } catch {
    return false;
  }
}
