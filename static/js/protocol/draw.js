// The draw (PROTOCOL §3): the process of draft-thomson-elegy-vrs-00 with SHA-256; the twin of protocol/draw.py.
//
// - The hash chain runs over bytes: H^2 hashes the 32 bytes of H^1, never their hex.
// - Commitment and one-time codes are written as 64 lower-case hex digits, and their 32 bytes are the salt.
// - `randomness` and labels are text and enter as UTF-8.
// - Positions are compared as bytes, which is the same as comparing their lower-case hex.

import { fromHex, isHex, joined, sha256, subtle, toHex, utf8 } from "./canonical.js";
import { compare } from "./money.js";

/** n of PROTOCOL §3: 15 codes, since the secret itself is never used. */
export const CHAIN_LENGTH = 16;
const OCTETS = 32;

/** The chain has no further one-time code; the lot that asks for it fails. */
export class CodesUsedUp extends Error {
  constructor(n, iteration) {
    super(`a chain of ${n} has ${n - 1} codes, number ${iteration} was asked for`);
    this.name = "CodesUsedUp";
  }
}

/** `H^times(value)`. @param {Uint8Array} value @param {number} times @returns {Promise<Uint8Array>} */
export async function hashed(value, times) {
  let current = value;
  for (let done = 0; done < times; done += 1) current = await sha256(current);
  return current;
}

/** `H^n(secret)` in hex, published before anything random is known. @param {Uint8Array} secret @returns {Promise<string>} */
export async function commitment(secret, n = CHAIN_LENGTH) {
  return toHex(await hashed(secret, n));
}

/**
 * `H^(n-i)(secret)` in hex, the code of the i-th iteration.
 *
 * @param {Uint8Array} secret
 * @param {{iteration: number, n?: number}} which `iteration` counts from 1
 * @returns {Promise<string>}
 * @throws {CodesUsedUp} where the code would be the secret itself or beyond; RangeError for an iteration below 1
 */
export async function oneTimeCode(secret, { iteration, n = CHAIN_LENGTH }) {
  if (!(iteration >= 1)) throw new RangeError("iterations count from 1");
  if (iteration >= n) throw new CodesUsedUp(n, iteration);
  return toHex(await hashed(secret, n - iteration));
}

/**
 * Whether a code, hashed `iteration` times, gives the commitment: what anybody can check without the secret.
 *
 * @param {string} code
 * @param {{iteration: number, committed: string, n?: number}} announced
 * @returns {Promise<boolean>}
 */
export async function codeBelongs(code, { iteration, committed, n = CHAIN_LENGTH }) {
  const counted = Number.isInteger(iteration) && iteration >= 1 && iteration < n;
  if (!counted || !isHex(code, OCTETS) || !isHex(committed, OCTETS)) return false;
  return toHex(await hashed(fromHex(code), iteration)) === committed;
}

/**
 * The randomness string of one lot: contributions in ascending label order, then the values of the public sources, each
 * followed by `/`.
 *
 * @param {Object<string, string>} contributions for each frozen entrant, by label, its nonce if its envelope opened into a
 *   well-formed plaintext, else the SHA-256 of its ciphertext
 * @param {string[]} sources
 * @returns {string}
 * @throws {RangeError} for a contribution that is not 64 hex digits
 */
export function randomness(contributions, sources = []) {
  const labels = Object.keys(contributions).sort(byUtf8);
  const strange = labels.find((label) => !isHex(contributions[label], OCTETS));
  if (strange !== undefined) throw new RangeError(`the contribution of ${strange} is not 64 hex digits`);
  return [...labels.map((label) => contributions[label]), ...sources].map((value) => `${value}/`).join("");
}

/**
 * Every label with its position, in the order of the draw.
 *
 * PRK = HKDF-Extract(salt = the code's 32 bytes, IKM = randomness); position = HKDF-Expand(PRK, info = label, L = 32).
 *
 * @param {{code: string, randomness: string, labels: string[]}} draw
 * @returns {Promise<{label: string, position: string}[]>} positions as 64 hex digits
 * @throws {RangeError} for a malformed code or a label that stands twice
 */
export async function positions({ code, randomness: random, labels }) {
  if (!isHex(code, OCTETS)) throw new RangeError("a one-time code is 64 hex digits");
  if (new Set(labels).size !== labels.length) throw new RangeError("a label stands twice");
  const prk = await hmacWith(await hmacKey(fromHex(code)), utf8(random));
  const key = await hmacKey(prk);
  // HKDF-Expand for L = 32 is its first block alone: T(1) = HMAC(PRK, info ‖ 0x01).
  const first = Uint8Array.of(1);
  const placed = await Promise.all(
    labels.map(async (label) => ({ label, position: toHex(await hmacWith(key, joined(utf8(label), first))) })),
  );
  return placed.sort((one, other) => compare(one.position, other.position) || byUtf8(one.label, other.label));
}

/** The labels in the order of the draw; see `positions`. @returns {Promise<string[]>} */
export async function order(draw) {
  return (await positions(draw)).map((place) => place.label);
}

/**
 * Labels as they enter the draw: with `<lot>:` before each when the round has several lots.
 *
 * @param {string[]} labels
 * @param {{lot: string, lots: number}} where
 * @returns {string[]}
 */
export function inLot(labels, { lot, lots }) {
  return lots > 1 ? labels.map((label) => `${lot}:${label}`) : [...labels];
}

/** The opposite of `inLot`. @returns {string[]} @throws {RangeError} for a label of another lot */
export function outOfLot(labels, { lot, lots }) {
  if (lots <= 1) return [...labels];
  const prefix = `${lot}:`;
  const strange = labels.find((label) => !label.startsWith(prefix));
  if (strange !== undefined) throw new RangeError(`a label of another lot: ${strange}`);
  return labels.map((label) => label.slice(prefix.length));
}

/**
 * The labels of a weighted draw, `<USCC>#<k>` with k from 1, before any prefix of the lot.
 *
 * @param {Object<string, number>} counts how many tickets each firm has
 * @returns {string[]} firms ascending, each with its tickets in their order
 * @throws {RangeError} for a firm without a ticket
 */
export function tickets(counts) {
  const firms = Object.keys(counts).sort(byUtf8);
  const without = firms.find((uscc) => !(Number.isInteger(counts[uscc]) && counts[uscc] >= 1));
  if (without !== undefined) throw new RangeError(`${without} has no ticket`);
  return firms.flatMap((uscc) => Array.from({ length: counts[uscc] }, (_, index) => `${uscc}#${index + 1}`));
}

/**
 * The firms in the order of a weighted draw: each stands where its best ticket does.
 *
 * @param {string[]} drawn tickets in the order of the draw, without the prefix of the lot
 * @returns {string[]}
 * @throws {RangeError} for a label that is not a ticket
 */
export function firmsByBestTicket(drawn) {
  const firms = drawn.map((label) => {
    const found = /^(.+)#[1-9][0-9]*$/su.exec(label);
    if (!found) throw new RangeError(`not a ticket: ${label}`);
    return found[1];
  });
  return [...new Set(firms)];
}

/** Text in the order of its UTF-8 bytes, which is that of its code points, and not that of its UTF-16 units. */
export function byUtf8(first, second) {
  const [one, other] = [Array.from(first), Array.from(second)];
  const at = one.findIndex((character, index) => character !== other[index]);
  if (at === -1) return one.length - other.length;
  return at >= other.length ? 1 : one[at].codePointAt(0) - other[at].codePointAt(0);
}

function hmacKey(bytes) {
  return subtle().importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

async function hmacWith(key, bytes) {
  return new Uint8Array(await subtle().sign("HMAC", key, bytes));
}
