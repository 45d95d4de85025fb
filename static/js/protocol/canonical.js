// Canonical JSON (RFC 8785, JCS), SHA-256, and bytes as text: the twin of protocol/canonical.py.

const WHAT_IS_NOT_UNICODE = /\p{Surrogate}/u;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes are not the canonical form of one JSON value. `code` says in which way. */
export class NotCanonical extends Error {
  constructor(code, detail) {
    super(`${code}: ${detail}`);
    this.name = "NotCanonical";
    this.code = code;
    this.detail = detail;
  }
}

/**
 * The RFC 8785 form of a value, in UTF-8.
 *
 * Whole numbers beyond 2^53 - 1 are refused, as in Python, unless they are so large that they are printed with an exponent.
 *
 * @param {null | boolean | number | string | Array | Object} value plain objects only
 * @returns {Uint8Array}
 * @throws {NotCanonical} `not_canonical` for what JCS cannot hold: NaN, infinities, large whole numbers, lone
 *   surrogates, `undefined`, and anything else that JSON has no form for
 */
export function encode(value) {
  try {
    return new TextEncoder().encode(written(value));
  } catch (error) {
    if (error instanceof RangeError) throw new NotCanonical("not_canonical", "nested too deeply");
    throw error;
  }
}

function written(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return writtenText(value);
  if (typeof value === "number") return writtenNumber(value);
  if (Array.isArray(value)) return `[${Array.from(value, written).join(",")}]`;
  if (isPlain(value)) {
    // The default order of sort() is that of UTF-16 code units, which is the order of RFC 8785.
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${writtenText(name)}:${written(value[name])}`).join(",")}}`;
  }
  throw new NotCanonical("not_canonical", `JSON has no form for ${typeof value}`);
}

function writtenText(value) {
  if (WHAT_IS_NOT_UNICODE.test(value)) throw new NotCanonical("not_canonical", "a lone surrogate");
  return JSON.stringify(value);
}

function writtenNumber(value) {
  const printed = JSON.stringify(value);
  const large = Number.isInteger(value) && !Number.isSafeInteger(value) && !printed.includes("e");
  if (!Number.isFinite(value) || large) throw new NotCanonical("not_canonical", `the number ${value}`);
  return printed;
}

function isPlain(value) {
  if (typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * Reads bytes that must be exactly the RFC 8785 form of what they say. Python refuses the same bytes with the same codes,
 * save that what has a member twice and then is no JSON either is `not_json` here and `duplicate_member` there.
 *
 * @param {Uint8Array} bytes
 * @returns {null | boolean | number | string | Array | Object}
 * @throws {NotCanonical} `not_utf8`, `not_json`, `duplicate_member` or `not_canonical`
 */
export function decode(bytes) {
  const text = textOf(bytes);
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NotCanonical("not_json", error.message);
  }
  const twice = memberThatStandsTwice(text);
  if (twice !== null) throw new NotCanonical("duplicate_member", JSON.stringify(twice));
  if (!sameBytes(encode(value), bytes)) {
    throw new NotCanonical("not_canonical", "the bytes differ from the RFC 8785 form of the same value");
  }
  return value;
}

function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new NotCanonical("not_utf8", error.message);
  }
}

/** In valid JSON, the first member name that an object has twice, else null: JSON.parse keeps the last and says nothing. */
function memberThatStandsTwice(text) {
  const open = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const name = JSON.parse(last);
      if (open.at(-1).has(name)) return name;
      open.at(-1).add(name);
    } else last = token;
  }
  return null;
}

/**
 * WebCrypto's SubtleCrypto.
 *
 * @returns {SubtleCrypto}
 * @throws {Error} on pages that were not loaded over https (or from this machine): browsers have no WebCrypto there
 */
export function subtle() {
  const found = globalThis.crypto?.subtle;
  if (!found) throw new Error("WebCrypto is missing; browsers have it on https pages only");
  return found;
}

/** SHA-256 as 32 bytes. @param {Uint8Array} bytes @returns {Promise<Uint8Array>} */
export async function sha256(bytes) {
  return new Uint8Array(await subtle().digest("SHA-256", bytes));
}

/** SHA-256 as 64 lower-case hex digits. @param {Uint8Array} bytes @returns {Promise<string>} */
export async function sha256Hex(bytes) {
  return toHex(await sha256(bytes));
}

/** Text in UTF-8. @param {string} text @returns {Uint8Array} @throws {RangeError} for lone surrogates */
export function utf8(text) {
  if (WHAT_IS_NOT_UNICODE.test(text)) throw new RangeError("a lone surrogate has no UTF-8 form");
  return new TextEncoder().encode(text);
}

/** Bytes after one another. @param {...Uint8Array} parts @returns {Uint8Array} */
export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} first @param {Uint8Array} second @returns {boolean} not in constant time: nothing here is secret */
export function sameBytes(first, second) {
  return first.length === second.length && first.every((octet, index) => octet === second[index]);
}

/** Whether a value is text of exactly that many octets in lower-case hex. @returns {boolean} */
export function isHex(value, octets) {
  return typeof value === "string" && value.length === 2 * octets && /^[0-9a-f]*$/.test(value);
}

/** Lower-case hex. @param {Uint8Array} bytes @returns {string} */
export function toHex(bytes) {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text @returns {Uint8Array} @throws {RangeError} for anything but lower-case hex of whole octets */
export function fromHex(text) {
  if (typeof text !== "string" || text.length % 2 || !isHex(text, text.length / 2))
    throw new RangeError("lower-case hex is expected");
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Base64 with padding (RFC 4648, section 4). @param {Uint8Array} bytes @returns {string} */
export function toBase64(bytes) {
  return btoa(Array.from(bytes, (octet) => String.fromCharCode(octet)).join(""));
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {RangeError} for anything but padded base64 without spaces whose unused bits are nought
 */
export function fromBase64(text) {
  if (typeof text !== "string" || !BASE64.test(text)) throw new RangeError("base64 is expected");
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  if (toBase64(bytes) !== text) throw new RangeError("base64 with unused bits that are not nought");
  return bytes;
}
