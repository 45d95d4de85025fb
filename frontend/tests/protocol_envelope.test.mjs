import assert from "node:assert/strict";
import { test } from "node:test";

import { encode, fromHex, toBase64, utf8 } from "../../static/js/protocol/canonical.js";
import {
  BLOCK,
  LONGEST,
  decryptFile,
  encryptFile,
  generateKeypair,
  info,
  plaintext,
  publicOf,
  readPlaintext,
  seal,
  sealBoth,
  unseal,
  unsealBoth,
} from "../../static/js/protocol/envelope.js";

const WHOSE = { round: "R202611220001", lot: "1", uscc: "91330203MA2AABCD12" };
const SAID = { amount: "48000.00", days: 20, nonce: "ab".repeat(32), files: [] };
const MEMBERS = { ...WHOSE, ...SAID, pad: "" };
const platform = await generateKeypair();
const custodian = await generateKeypair();

/** Canonical bytes of a plaintext with some members changed, padded if they hold a pad. */
function bytesOf(changes) {
  const members = { ...MEMBERS, ...changes };
  const missing = (BLOCK - (encode(members).length % BLOCK)) % BLOCK;
  return encode(members.pad === "" ? { ...members, pad: "0".repeat(missing) } : members);
}

const codeOf = (bytes, whose = WHOSE) => {
  try {
    readPlaintext(bytes, whose);
  } catch (error) {
    if (error.name === "InvalidPlaintext") return error.code;
    throw error;
  }
  return null;
};

test("the key pair of RFC 9180, A.1.1", async () => {
  assert.equal(
    await publicOf("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"),
    "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
  );
  await assert.rejects(publicOf("00"), RangeError);
});

test("both locks open with both keys, and what is sent fits into 8 KiB", async () => {
  for (const files of [[], Array.from({ length: 15 }, () => ({ key: "0a".repeat(32), sha256: "0b".repeat(32) }))]) {
    const said = { ...SAID, files };
    const written = plaintext(WHOSE, said);
    const keys = { platform: platform.public, custodian: custodian.public, whose: WHOSE };
    const sealed = await sealBoth(written, keys);
    assert.equal(written.length % BLOCK, 0);
    assert.ok(toBase64(sealed).length <= 8192);
    assert.notDeepEqual(sealed, await sealBoth(written, keys));
    const opened = await unsealBoth(sealed, { platform: platform.private, custodian: custodian.private, whose: WHOSE });
    assert.deepEqual(readPlaintext(opened, WHOSE), said);
  }
});

test("a lock opens for nobody else, for nothing else, and not when it was changed", async () => {
  const bytes = utf8("a bid");
  const sealed = await seal(bytes, { public: platform.public, party: "platform", whose: WHOSE });
  const lock = { private: platform.private, party: "platform", whose: WHOSE };
  assert.deepEqual(await unseal(sealed, lock), bytes);
  const wrong = [
    { ...lock, private: custodian.private },
    { ...lock, party: "custodian" },
    { ...lock, whose: { ...WHOSE, round: "R202611220002" } },
    { ...lock, whose: { ...WHOSE, lot: "2" } },
    { ...lock, whose: { ...WHOSE, uscc: "91330203MA2AABCD13" } },
  ];
  for (const other of wrong) await assert.rejects(unseal(sealed, other), { name: "CannotOpen" });
  for (const at of [0, 32, sealed.length - 1]) {
    const changed = sealed.map((octet, index) => (index === at ? octet ^ 1 : octet));
    await assert.rejects(unseal(changed, lock), { name: "CannotOpen" });
  }
  for (const length of [0, 31, 47]) await assert.rejects(unseal(sealed.slice(0, length), lock), { name: "CannotOpen" });
  // A point of low order, with which everybody would come to the same secret, is refused before anything is decrypted.
  await assert.rejects(
    unseal(new Uint8Array(64), lock),
    (error) => error.name === "CannotOpen" && error.cause.name === "DecapError",
  );
});

test("keys and names that are none are refused before anything is sealed", async () => {
  const lock = { public: platform.public, party: "platform", whose: WHOSE };
  for (const key of ["", "00".repeat(31), "AB".repeat(32), "00".repeat(32), null]) {
    await assert.rejects(seal(utf8("a bid"), { ...lock, public: key }), RangeError);
  }
  await assert.rejects(unseal(new Uint8Array(64), { ...lock, private: "00" }), RangeError);
  assert.throws(() => info("regulator", WHOSE), RangeError);
  assert.throws(() => info("platform", { ...WHOSE, lot: "1\n2" }), RangeError);
  assert.equal(
    new TextDecoder().decode(info("custodian", WHOSE)),
    "mingxuan/envelope/v1/custodian\nR202611220001\n1\n91330203MA2AABCD12",
  );
});

test("a plaintext may leave the amount and the days open", () => {
  for (const said of [SAID, { ...SAID, amount: null, days: null }, { ...SAID, amount: "0.00", days: 9999 }]) {
    assert.deepEqual(readPlaintext(plaintext(WHOSE, said), WHOSE), said);
  }
});

test("every departure from PROTOCOL §2 has its code", () => {
  const file = { key: "0a".repeat(32), sha256: "0b".repeat(32) };
  const cases = [
    ["too_long", new Uint8Array(LONGEST + 1)],
    ["not_utf8", Uint8Array.of(0xff)],
    ["not_json", new Uint8Array()],
    ["duplicate_member", utf8('{"amount":null,"amount":null}')],
    ["not_canonical", utf8(`${new TextDecoder().decode(bytesOf({})).slice(0, -1)} }`)],
    ["members", encode([])],
    ["members", encode(null)],
    ["members", bytesOf({ more: 1 })],
    ["members", encode({ amount: null })],
    ["pad", bytesOf({ pad: "0" })],
    ["pad", bytesOf({ pad: 0 })],
    ["pad", bytesOf({ pad: "1".repeat(new TextDecoder().decode(bytesOf({})).match(/"pad":"(0*)"/)[1].length) })],
    ["other_round", bytesOf({ round: "R202611220002" })],
    ["other_lot", bytesOf({ lot: 1 })],
    ["other_firm", bytesOf({ uscc: "91330203MA2AABCD13" })],
    ["nonce", bytesOf({ nonce: "AB".repeat(32) })],
    ...["48000", "048000.00", "48000.0", "-1.00", "1000000000000.00", 48000, true].map((amount) => [
      "amount",
      bytesOf({ amount }),
    ]),
    ...[0, -1, 1.5, 10_000, "20", true, 1e21].map((days) => ["days", bytesOf({ days })]),
    ...[{}, null, [null], [{ ...file, name: "a" }], [{ key: file.key }], [{ ...file, key: "0a" }], [[]]].map((files) => [
      "files",
      bytesOf({ files }),
    ]),
  ];
  for (const [code, bytes] of cases)
    assert.equal(codeOf(bytes), code, new TextDecoder().decode(bytes).replaceAll("0".repeat(50), ""));
  assert.equal(codeOf(bytesOf({})), null);
});

test("what nobody could read is not written", () => {
  const code = (changes) => {
    try {
      plaintext(WHOSE, { ...SAID, ...changes });
    } catch (error) {
      return error.code;
    }
    return null;
  };
  assert.equal(code({ amount: "1.005" }), "amount");
  assert.equal(code({ amount: undefined }), "not_canonical");
  assert.equal(code({ days: 0 }), "days");
  assert.equal(code({ nonce: "" }), "nonce");
  assert.equal(
    code({ files: Array.from({ length: 40 }, () => ({ key: "0a".repeat(32), sha256: "0b".repeat(32) })) }),
    "too_long",
  );
});

test("a proposal file opens with its key alone", async () => {
  const bytes = utf8("方案");
  const { ciphertext, file } = await encryptFile(bytes);
  assert.equal(ciphertext.length, 12 + bytes.length + 16);
  assert.equal(fromHex(file.key).length, 32);
  assert.deepEqual(await decryptFile(ciphertext, file), bytes);
  const again = await encryptFile(bytes);
  assert.notEqual(again.file.key, file.key);
  await assert.rejects(decryptFile(ciphertext, { ...file, key: again.file.key }), { name: "CannotOpen" });
  await assert.rejects(decryptFile(again.ciphertext, file), { name: "CannotOpen" });
});

test("without WebCrypto that is said, and no envelope is blamed", async () => {
  const known = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
  try {
    await assert.rejects(
      unseal(new Uint8Array(64), { private: "01".repeat(32), party: "platform", whose: WHOSE }),
      /WebCrypto is missing/,
    );
  } finally {
    Object.defineProperty(globalThis, "crypto", known);
  }
});
