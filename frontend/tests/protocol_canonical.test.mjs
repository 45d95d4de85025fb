import assert from "node:assert/strict";
import { test } from "node:test";

import {
  NotCanonical,
  decode,
  encode,
  fromBase64,
  fromHex,
  isHex,
  sha256Hex,
  toBase64,
  toHex,
  utf8,
} from "../../static/js/protocol/canonical.js";

const written = (value) => new TextDecoder().decode(encode(value));
const codeOf = (bytes) => {
  try {
    decode(bytes);
  } catch (error) {
    if (error instanceof NotCanonical) return error.code;
    throw error;
  }
  return null;
};

test("the example of RFC 8785, section 3.2", () => {
  const value = {
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\u0022/",
    literals: [null, true, false],
  };
  const expected =
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}';
  assert.equal(written(value), expected);
  assert.deepEqual(decode(utf8(expected)), value);
});

test("members are in the order of UTF-16 units, as in section 3.2.3", () => {
  const names = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
  const value = Object.fromEntries([...names].reverse().map((name) => [name, 0]));
  assert.deepEqual(
    Object.keys(JSON.parse(written(value))).filter((name) => name !== "1"),
    names.filter((name) => name !== "1"),
  );
  assert.ok(written(value).startsWith('{"\\r":0,"1":0,'));
});

test("what JCS cannot hold is refused", () => {
  for (const value of [
    NaN,
    Infinity,
    2 ** 53,
    -(2 ** 53),
    1e20,
    "\ud800",
    { "\udc00": 1 },
    undefined,
    { a: undefined },
    1n,
    new Map(),
    [,],
    () => 0,
  ]) {
    assert.throws(() => encode(value), { name: "NotCanonical", code: "not_canonical" });
  }
  assert.equal(written([2 ** 53 - 1, -0, 1e21]), "[9007199254740991,0,1e+21]");
  const endless = [];
  endless.push(endless);
  assert.throws(() => encode(endless), { code: "not_canonical" });
});

test("bytes that are not their own canonical form are told apart", () => {
  const cases = {
    not_utf8: [Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    not_json: ["", "{", "NaN", "[Infinity]", "\ufeff1", '"\n"', "01", "[1,]"].map(utf8),
    duplicate_member: ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"b":{"a":[],"a":{}}}]', '{"a" :1, "a":"\\ud800"}'].map(
      utf8,
    ),
    not_canonical: [
      '{"b":1,"a":2}',
      "1.0",
      "-0",
      " 1",
      '"\\u0061"',
      '"\\ud800"',
      "9007199254740993",
      "9007199254740992",
      "1e999",
      "1E21",
    ].map(utf8),
  };
  for (const [code, all] of Object.entries(cases)) {
    for (const bytes of all) assert.equal(codeOf(bytes), code, new TextDecoder().decode(bytes));
  }
});

test("a name that stands in several objects is no duplicate", () => {
  for (const text of [
    '{"a":{"a":{"a":"a"}},"b":[{"a":1},{"a":"{\\"a\\":1,\\"a\\":"}]}',
    '{"__proto__":1,"a":":"}',
    '["a","a"]',
  ]) {
    assert.equal(codeOf(utf8(text)), null, text);
  }
});

test("bytes as text and back", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(fromHex(toHex(bytes)), bytes);
  for (const length of [0, 1, 2, 3, 255])
    assert.deepEqual(fromBase64(toBase64(bytes.slice(0, length))), bytes.slice(0, length));
  assert.equal(await sha256Hex(utf8("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(isHex("0f", 1) && !isHex("0F", 1) && !isHex("0f\n", 1) && !isHex(null, 1), true);
  for (const text of ["a", "0G", "AB", null]) assert.throws(() => fromHex(text), RangeError);
  for (const text of ["A", "AA", "AA==\n", "AB==", "A A=", "A===", "-_==", null])
    assert.throws(() => fromBase64(text), RangeError);
});
