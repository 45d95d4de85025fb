// The sealed envelope (PROTOCOL §2): what a bid says, how it is locked, and how it is read again; the twin of
// protocol/envelope.py. A lock is HPKE base mode (RFC 9180), DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, no AAD.

import { Aes128Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256, X25519 } from "@hpke/dhkem-x25519";

import { NotCanonical, decode, encode, fromHex, isHex, joined, sha256Hex, subtle, toHex, utf8 } from "./canonical.js";
import { isAmount } from "./money.js";

export const PARTIES = ["platform", "custodian"];
/** Plaintexts are padded to a multiple of this, so that a length tells nothing of an amount. */
export const BLOCK = 2048;
/** The longest plaintext: with a third block, two locks and base64 would be more than 8 KiB. */
export const LONGEST = 2 * BLOCK;
export const MOST_DAYS = 9999;
const MEMBERS = ["amount", "days", "files", "lot", "nonce", "pad", "round", "uscc"];
const KEY_OCTETS = 32;
const IV_OCTETS = 12;

/**
 * @typedef {{round: string, lot: string, uscc: string}} Whose what an envelope is bound to
 * @typedef {{key: string, sha256: string}} File a proposal file: its hex key, and the SHA-256 of its ciphertext
 * @typedef {{amount: string | null, days: number | null, nonce: string, files: File[]}} Plaintext amounts as "48000.00"
 * @typedef {{private: string, public: string}} KeyPair an X25519 key pair, 64 lower-case hex digits each
 */

/** The envelope or file was not sealed to this key, for this round, lot and firm, or was changed on the way. */
export class CannotOpen extends Error {
  constructor(cause) {
    super("cannot be opened", { cause });
    this.name = "CannotOpen";
  }
}

/** The envelope opened, but what it holds is not a plaintext of PROTOCOL §2. `code` says in which way. */
export class InvalidPlaintext extends Error {
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "InvalidPlaintext";
    this.code = code;
  }
}

const kem = new DhkemX25519HkdfSha256();
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes128Gcm() });

/** A fresh key pair for one round. @returns {Promise<KeyPair>} */
export async function generateKeypair() {
  const secret = toHex(random(KEY_OCTETS));
  return { private: secret, public: await publicOf(secret) };
}

/** The public key that belongs to a private one. @param {string} secret @returns {Promise<string>} @throws {RangeError} */
export async function publicOf(secret) {
  const curve = new X25519(new HkdfSha256());
  const key = await curve.derivePublicKey(await curve.deserializePrivateKey(keyBytes(secret)));
  return toHex(new Uint8Array(await curve.serializePublicKey(key)));
}

/** HPKE's `info`: what a lock is bound to. @param {Whose} whose @returns {Uint8Array} @throws {RangeError} */
export function info(party, { round, lot, uscc }) {
  if (!PARTIES.includes(party)) throw new RangeError(`no such party: ${party}`);
  if ([round, lot, uscc].some((part) => typeof part !== "string" || part.includes("\n"))) {
    throw new RangeError("a round, a lot and a firm are named by text without line breaks");
  }
  return utf8(`mingxuan/envelope/v1/${party}\n${round}\n${lot}\n${uscc}`);
}

/**
 * Locks bytes to a party's public key; no two calls give the same bytes.
 *
 * @param {Uint8Array} bytes
 * @param {{public: string, party: string, whose: Whose}} lock `party` is one of PARTIES
 * @returns {Promise<Uint8Array>} `enc ‖ ciphertext`
 * @throws {RangeError} for a key that is none
 */
export async function seal(bytes, { public: key, party, whose }) {
  subtle();
  const recipientPublicKey = await kem.deserializePublicKey(keyBytes(key));
  const bound = info(party, whose);
  try {
    const { enc, ct } = await suite.seal({ recipientPublicKey, info: bound }, bytes);
    return joined(new Uint8Array(enc), new Uint8Array(ct));
  } catch (error) {
    throw new RangeError("nothing can be sealed to this key", { cause: error });
  }
}

/**
 * Undoes one lock.
 *
 * @param {Uint8Array} envelope
 * @param {{private: string, party: string, whose: Whose}} lock
 * @returns {Promise<Uint8Array>}
 * @throws {CannotOpen} for whatever is wrong with the envelope; RangeError for a key that is none
 */
export async function unseal(envelope, { private: key, party, whose }) {
  subtle();
  const recipientKey = await kem.deserializePrivateKey(keyBytes(key));
  const bound = info(party, whose);
  try {
    const enc = envelope.slice(0, KEY_OCTETS);
    return new Uint8Array(await suite.open({ recipientKey, enc, info: bound }, envelope.slice(KEY_OCTETS)));
  } catch (error) {
    throw new CannotOpen(error);
  }
}

/**
 * Both locks, the platform's inside the custodian's; its base64 is what is sent.
 *
 * @param {Uint8Array} bytes
 * @param {{platform: string, custodian: string, whose: Whose}} locks the two public keys
 * @returns {Promise<Uint8Array>}
 * @throws {RangeError} for a key that is none
 */
export async function sealBoth(bytes, { platform, custodian, whose }) {
  const inner = await seal(bytes, { public: platform, party: "platform", whose });
  return seal(inner, { public: custodian, party: "custodian", whose });
}

/**
 * Undoes both locks.
 *
 * @param {Uint8Array} envelope
 * @param {{platform: string, custodian: string, whose: Whose}} locks the two private keys
 * @returns {Promise<Uint8Array>}
 * @throws {CannotOpen} for whatever is wrong with the envelope; RangeError for a key that is none
 */
export async function unsealBoth(envelope, { platform, custodian, whose }) {
  const inner = await unseal(envelope, { private: custodian, party: "custodian", whose });
  return unseal(inner, { private: platform, party: "platform", whose });
}

/**
 * What is locked in: JCS JSON padded to a multiple of 2,048 bytes.
 *
 * @param {Whose} whose
 * @param {Plaintext} said
 * @returns {Uint8Array}
 * @throws {InvalidPlaintext} for what nobody could read
 */
export function plaintext({ round, lot, uscc }, { amount, days, nonce, files = [] }) {
  const listed = files.map((file) => ({ key: file.key, sha256: file.sha256 }));
  const members = { amount, days, files: listed, lot, nonce, pad: "", round, uscc };
  try {
    const length = encode(members).length;
    const written = encode({ ...members, pad: "0".repeat((BLOCK - (length % BLOCK)) % BLOCK) });
    readPlaintext(written, { round, lot, uscc });
    return written;
  } catch (error) {
    if (error instanceof NotCanonical) throw new InvalidPlaintext(error.code, error.detail);
    throw error;
  }
}

/**
 * What an opened envelope says.
 *
 * @param {Uint8Array} bytes
 * @param {Whose} whose
 * @returns {Plaintext}
 * @throws {InvalidPlaintext} with the codes of NotCanonical, `too_long`, `members`, `pad`, `other_round`, `other_lot`,
 *   `other_firm`, `amount`, `days`, `nonce`, `files`
 */
export function readPlaintext(bytes, { round, lot, uscc }) {
  const { amount, days, nonce, files, ...bound } = membersOf(bytes);
  if (bound.round !== round) throw new InvalidPlaintext("other_round", `not ${round}`);
  if (bound.lot !== lot) throw new InvalidPlaintext("other_lot", `not ${lot}`);
  if (bound.uscc !== uscc) throw new InvalidPlaintext("other_firm", `not ${uscc}`);
  if (!isHex(nonce, KEY_OCTETS)) throw new InvalidPlaintext("nonce");
  if (amount !== null && !isAmount(amount)) throw new InvalidPlaintext("amount");
  if (!isDays(days)) throw new InvalidPlaintext("days");
  if (!Array.isArray(files) || !files.every(isFile)) throw new InvalidPlaintext("files");
  return { amount, days, nonce, files };
}

function membersOf(bytes) {
  if (bytes.length > LONGEST) throw new InvalidPlaintext("too_long", `${bytes.length} bytes`);
  let members;
  try {
    members = decode(bytes);
  } catch (error) {
    if (error instanceof NotCanonical) throw new InvalidPlaintext(error.code, error.detail);
    throw error;
  }
  if (!hasMembers(members, MEMBERS)) throw new InvalidPlaintext("members");
  const padded = typeof members.pad === "string" && /^0*$/.test(members.pad) && bytes.length % BLOCK === 0;
  if (!padded) throw new InvalidPlaintext("pad");
  return members;
}

/** Whether a decoded value is an object with exactly these members. */
function hasMembers(value, names) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => Object.hasOwn(value, name));
}

function isDays(value) {
  return value === null || (Number.isInteger(value) && value >= 1 && value <= MOST_DAYS);
}

function isFile(value) {
  return hasMembers(value, ["key", "sha256"]) && isHex(value.key, KEY_OCTETS) && isHex(value.sha256, KEY_OCTETS);
}

/**
 * Encrypts a proposal file with a fresh AES-256-GCM key.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<{ciphertext: Uint8Array, file: File}>} the ciphertext begins with its random 12-byte IV; `file` goes
 *   into the envelope
 */
export async function encryptFile(bytes) {
  const secret = random(KEY_OCTETS);
  const iv = random(IV_OCTETS);
  const key = await subtle().importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const ciphertext = joined(iv, new Uint8Array(await subtle().encrypt({ name: "AES-GCM", iv }, key, bytes)));
  return { ciphertext, file: { key: toHex(secret), sha256: await sha256Hex(ciphertext) } };
}

/** @param {Uint8Array} ciphertext @param {File} file @returns {Promise<Uint8Array>} @throws {CannotOpen} */
export async function decryptFile(ciphertext, file) {
  if ((await sha256Hex(ciphertext)) !== file.sha256) throw new CannotOpen(new Error("another file than was sealed"));
  const key = await subtle().importKey("raw", keyBytes(file.key), "AES-GCM", false, ["decrypt"]);
  const iv = ciphertext.slice(0, IV_OCTETS);
  try {
    return new Uint8Array(await subtle().decrypt({ name: "AES-GCM", iv }, key, ciphertext.slice(IV_OCTETS)));
  } catch (error) {
    throw new CannotOpen(error);
  }
}

function random(octets) {
  return globalThis.crypto.getRandomValues(new Uint8Array(octets));
}

function keyBytes(text) {
  if (!isHex(text, KEY_OCTETS)) throw new RangeError("a key is 64 lower-case hex digits");
  return fromHex(text);
}
