// What the public log says, checked (PROTOCOL §1): the Merkle tree of RFC 6962 with the proofs of RFC 9162, and C2SP's
// signed notes, checkpoints and timestamped cosignatures; the twin of the verifying half of protocol/tree.py and note.py.

import { verifyAsync } from "@noble/ed25519";

import { fromBase64, joined, sameBytes, sha256, subtle, toHex, utf8 } from "./canonical.js";

/** Kinds of keys: the octet before the public key in a verifier key. */
export const ED25519 = 1;
export const COSIGNATURE = 4;
/** The longest note that is read, in characters. */
export const LONGEST = 64 * 1024;
const NAME = /^[^\s+]+$/u;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const HASH_OCTETS = 32;
const ID_OCTETS = 4;
const TIME_OCTETS = 8;
const SIGNATURE_OCTETS = 64;

/**
 * @typedef {{name: string, kind: number, key: Uint8Array, id: string}} Verifier a named public key; `id` as 8 hex digits
 * @typedef {{name: string, id: string, value: Uint8Array}} Signature by the key of that name and id
 * @typedef {{text: string, signatures: Signature[]}} Note `text` ends with a line break
 * @typedef {{origin: string, size: number, root: Uint8Array}} Checkpoint
 */

/** The note is malformed, or lacks a signature that it must have. */
export class BadNote extends Error {
  constructor(detail) {
    super(detail);
    this.name = "BadNote";
  }
}

/** An entry's hash in the tree: `SHA-256(0x00 ‖ entry)`. @param {Uint8Array} entry @returns {Promise<Uint8Array>} */
export function leafHash(entry) {
  return sha256(joined(Uint8Array.of(0), entry));
}

/** An inner node: `SHA-256(0x01 ‖ left ‖ right)`. @returns {Promise<Uint8Array>} */
export function nodeHash(left, right) {
  return sha256(joined(Uint8Array.of(1), left, right));
}

/**
 * Whether a leaf hash stands at `index` of the tree with this size and root (RFC 9162 §2.1.3.2).
 *
 * @param {{leaf: Uint8Array, index: number, size: number, proof: Uint8Array[], root: Uint8Array}} claim
 * @returns {Promise<boolean>}
 */
export async function verifyInclusion({ leaf, index, size, proof, root }) {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  const climb = climbing(index, size - 1);
  let result = leaf;
  for (const sibling of proof) {
    if (climb.atTop()) return false;
    result = climb.siblingIsLeft() ? await nodeHash(sibling, result) : await nodeHash(result, sibling);
    climb.up();
  }
  return climb.atTop() && sameBytes(result, root);
}

/**
 * Whether the tree of `from` leaves is the beginning of the tree of `to` leaves (RFC 9162 §2.1.4.2).
 *
 * @param {{from: number, to: number, fromRoot: Uint8Array, toRoot: Uint8Array, proof: Uint8Array[]}} claim
 * @returns {Promise<boolean>}
 */
export async function verifyConsistency({ from, to, fromRoot, toRoot, proof }) {
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if (from === 0 || from === to) {
    return proof.length === 0 && sameBytes(fromRoot, from === 0 ? await sha256(new Uint8Array()) : toRoot);
  }
  const [first, ...path] = isPowerOfTwo(from) ? [fromRoot, ...proof] : proof;
  if (first === undefined) return false;
  const climb = climbing(from - 1, to - 1);
  climb.skipRightNodes();
  let [ofFrom, ofTo] = [first, first];
  for (const sibling of path) {
    if (climb.atTop()) return false;
    if (climb.siblingIsLeft()) {
      ofFrom = await nodeHash(sibling, ofFrom);
      ofTo = await nodeHash(sibling, ofTo);
    } else ofTo = await nodeHash(ofTo, sibling);
    climb.up();
  }
  return climb.atTop() && sameBytes(ofFrom, fromRoot) && sameBytes(ofTo, toRoot);
}

/**
 * The root of a tree of `size` that has these leaf hashes at their indexes, with one proof for all of them.
 *
 * @param {Map<number, Uint8Array>} leaves
 * @param {number} size
 * @param {Uint8Array[]} proof roots of the subtrees without any of the leaves, from left to right
 * @returns {Promise<Uint8Array | null>} null where the proof does not fit the leaves
 */
export async function rootFrom(leaves, size, proof) {
  if (!isCount(size) || size < 1 || [...leaves.keys()].some((index) => !isCount(index) || index >= size)) return null;
  const rest = [...proof].reverse();
  const over = async (begin, end, wanted) => {
    if (wanted.length === 0) return rest.pop() ?? null;
    if (end - begin === 1) return leaves.get(begin);
    const middle = begin + halfOf(end - begin);
    const left = await over(begin, middle, wanted.filter((index) => index < middle));
    const right = left && (await over(middle, end, wanted.filter((index) => index >= middle)));
    return left && right ? nodeHash(left, right) : null;
  };
  const root = await over(0, size, [...leaves.keys()]);
  return rest.length ? null : root;
}

/** The largest power of two below `count`, at which a tree of more than one leaf is split. */
function halfOf(count) {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

/** The way from a node to the root, beside the way of the last node; BigInt, since shifts of numbers end at 32 bits. */
function climbing(index, lastIndex) {
  let [node, last] = [BigInt(index), BigInt(lastIndex)];
  const isRight = () => (node & 1n) === 1n;
  const shift = () => ([node, last] = [node >> 1n, last >> 1n]);
  return {
    atTop: () => last === 0n,
    siblingIsLeft: () => isRight() || node === last,
    up() {
      // A last node without a sibling of its own is carried up until it has one.
      if (node === last) while (!isRight() && node !== 0n) shift();
      shift();
    },
    skipRightNodes() {
      while (isRight()) shift();
    },
  };
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPowerOfTwo(value) {
  return (BigInt(value) & BigInt(value - 1)) === 0n;
}

/**
 * Reads a verifier key, `<name>+<id in hex>+<base64 of kind ‖ key>`.
 *
 * @param {string} vkey
 * @returns {Promise<Verifier>}
 * @throws {BadNote} for a text that is none, of a kind not known here, or with an id that does not belong to it
 */
export async function parseVkey(vkey) {
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(vkey.trim()) ?? [];
  if (name === undefined || !NAME.test(name)) throw new BadNote("not a verifier key");
  const raw = unbase64(encoded);
  if (raw.length !== 1 + HASH_OCTETS || ![ED25519, COSIGNATURE].includes(raw[0])) {
    throw new BadNote("a verifier key of an unknown kind");
  }
  const digest = await sha256(joined(utf8(`${name}\n`), raw));
  if (toHex(digest.slice(0, ID_OCTETS)) !== id) throw new BadNote("the verifier key's id does not belong to it");
  return { name, kind: raw[0], key: raw.slice(1), id };
}

/**
 * Reads a signed note; none of its signatures is checked by that.
 *
 * @param {string} note
 * @returns {Note}
 * @throws {BadNote} for what is not a signed note
 */
export function parseNote(note) {
  if (note.length > LONGEST || /[\u0000-\u0009\u000b-\u001f]/.test(note)) {
    throw new BadNote("too long, or holds control characters");
  }
  const blank = note.lastIndexOf("\n\n");
  const lines = note.slice(blank + 2);
  if (blank === -1 || !lines.endsWith("\n")) throw new BadNote("no signatures");
  return { text: note.slice(0, blank + 1), signatures: lines.slice(0, -1).split("\n").map(signatureOf) };
}

function signatureOf(line) {
  const [, name, encoded] = /^— (\S+) (.+)$/u.exec(line) ?? [];
  if (name === undefined || !NAME.test(name)) throw new BadNote("a malformed signature");
  const raw = unbase64(encoded);
  if (raw.length <= ID_OCTETS) throw new BadNote("a malformed signature");
  return { name, id: toHex(raw.slice(0, ID_OCTETS)), value: raw.slice(ID_OCTETS) };
}

/**
 * Reads the text of a checkpoint; further lines than the three are let be.
 *
 * @param {string} text a note's text
 * @returns {Checkpoint}
 * @throws {BadNote} for a text that is no checkpoint
 */
export function parseCheckpoint(text) {
  const [origin, size, root, ...rest] = text.split("\n");
  if (rest.length === 0 || !origin || !SIZE.test(size) || !isCount(Number(size))) throw new BadNote("not a checkpoint");
  const hash = unbase64(root);
  if (hash.length !== HASH_OCTETS) throw new BadNote("the checkpoint's root has not 32 octets");
  return { origin, size: Number(size), root: hash };
}

/**
 * The verified signature of a key, without the key's id; null where the note has none by it.
 *
 * @param {Note} note
 * @param {Verifier} verifier
 * @returns {Promise<Uint8Array | null>}
 * @throws {BadNote} where the signature is false
 */
export async function signatureBy(note, verifier) {
  const found = note.signatures.find((each) => each.name === verifier.name && each.id === verifier.id);
  if (!found) return null;
  if (!(await accepts(verifier, note.text, found.value))) throw new BadNote(`the signature of ${verifier.name} is false`);
  return found.value;
}

/** The Unix time in seconds of a key's verified cosignature, or null; see `signatureBy`. @returns {Promise<number | null>} */
export async function timeBy(note, verifier) {
  if (verifier.kind !== COSIGNATURE) throw new BadNote("only cosignatures tell a time");
  const value = await signatureBy(note, verifier);
  return value === null ? null : Number(timeIn(value));
}

/**
 * The checkpoint of a note that the log's key has signed, for the log's own origin.
 *
 * @param {string} note
 * @param {{log: Verifier, witness?: Verifier}} keys
 * @returns {Promise<Checkpoint & {cosignedAt: number | null}>} `cosignedAt` as `timeBy` the witness
 * @throws {BadNote} for anything else; a missing cosignature is no error, a false one is
 */
export async function verifiedCheckpoint(note, { log, witness }) {
  const read = parseNote(note);
  if ((await signatureBy(read, log)) === null) throw new BadNote("the log has not signed the checkpoint");
  const checkpoint = parseCheckpoint(read.text);
  if (checkpoint.origin !== log.name) throw new BadNote("the checkpoint is of another log");
  return { ...checkpoint, cosignedAt: witness ? await timeBy(read, witness) : null };
}

async function accepts(verifier, text, value) {
  if (verifier.kind === ED25519) return verifyEd25519(verifier.key, value, utf8(text));
  if (value.length !== TIME_OCTETS + SIGNATURE_OCTETS) return false;
  const message = utf8(`cosignature/v1\ntime ${timeIn(value)}\n${text}`);
  return verifyEd25519(verifier.key, value.slice(TIME_OCTETS), message);
}

function timeIn(value) {
  return new DataView(value.buffer, value.byteOffset).getBigUint64(0);
}

/** By WebCrypto, or by a library in browsers whose WebCrypto has no Ed25519. @returns {Promise<boolean>} */
export async function verifyEd25519(key, signature, message) {
  if (signature.length !== SIGNATURE_OCTETS) return false;
  let imported;
  try {
    imported = await subtle().importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name !== "NotSupportedError") throw error;
    return verifyAsync(signature, message, key, { zip215: false });
  }
  return subtle().verify({ name: "Ed25519" }, imported, signature, message);
}

function unbase64(text) {
  try {
    return fromBase64(text);
  } catch {
    throw new BadNote("not base64");
  }
}
