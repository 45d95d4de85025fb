import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { fromHex, joined, sha256, toBase64, toHex, utf8 } from "../../static/js/protocol/canonical.js";
import {
  COSIGNATURE,
  ED25519,
  leafHash,
  nodeHash,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signatureBy,
  timeBy,
  verifiedCheckpoint,
  verifyConsistency,
  verifyEd25519,
  verifyInclusion,
} from "../../static/js/protocol/log.js";

// Leaves and roots with which implementations of Certificate Transparency are tested.
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
].map(fromHex);
const leaves = await Promise.all(LEAVES.map((entry) => leafHash(fromHex(entry))));

// RFC 6962, section 2.1, word by word: what the proofs are checked against.
const half = (count) => 2 ** Math.ceil(Math.log2(count) - 1);

async function root(list) {
  if (list.length === 0) return sha256(new Uint8Array());
  if (list.length === 1) return list[0];
  const k = half(list.length);
  return nodeHash(await root(list.slice(0, k)), await root(list.slice(k)));
}

async function path(index, list) {
  if (list.length === 1) return [];
  const k = half(list.length);
  if (index < k) return [...(await path(index, list.slice(0, k))), await root(list.slice(k))];
  return [...(await path(index - k, list.slice(k))), await root(list.slice(0, k))];
}

async function subproof(from, list, whole) {
  if (from === list.length) return whole ? [] : [await root(list)];
  const k = half(list.length);
  if (from <= k) return [...(await subproof(from, list.slice(0, k), whole)), await root(list.slice(k))];
  return [...(await subproof(from - k, list.slice(k), false)), await root(list.slice(0, k))];
}

const changed = (bytes) => bytes.map((octet, at) => (at === 0 ? octet ^ 1 : octet));

/** Proofs that must not hold: each hash changed, left out or doubled, and one too many. */
const falseProofs = (proof) => [
  ...proof.map((_, at) => proof.map((hash, index) => (index === at ? changed(hash) : hash))),
  ...proof.map((_, at) => proof.toSpliced(at, 1)),
  [...proof, new Uint8Array(32)],
];

test("the known trees have their known roots", async () => {
  for (const [size, known] of ROOTS.entries()) assert.deepEqual(await root(leaves.slice(0, size)), known);
});

test("a leaf is included where it stands, and nowhere else", async () => {
  for (let size = 1; size <= 8; size += 1) {
    const known = ROOTS[size];
    for (let index = 0; index < size; index += 1) {
      const [leaf, proof] = [leaves[index], await path(index, leaves.slice(0, size))];
      assert.equal(await verifyInclusion({ leaf, index, size, proof, root: known }), true);
      for (const other of [index - 1, index + 1, size, -1, 0.5]) {
        assert.equal(await verifyInclusion({ leaf, index: other, size, proof, root: known }), false);
      }
      assert.equal(await verifyInclusion({ leaf: changed(leaf), index, size, proof, root: known }), false);
      for (const other of falseProofs(proof))
        assert.equal(await verifyInclusion({ leaf, index, size, proof: other, root: known }), false);
    }
  }
});

test("a tree begins with an older one, and with no other", async () => {
  for (let to = 1; to <= 8; to += 1) {
    for (let from = 1; from <= to; from += 1) {
      const claim = {
        from,
        to,
        fromRoot: ROOTS[from],
        toRoot: ROOTS[to],
        proof: await subproof(from, leaves.slice(0, to), true),
      };
      assert.equal(await verifyConsistency(claim), true, `${from} of ${to}`);
      assert.equal(await verifyConsistency({ ...claim, fromRoot: changed(claim.fromRoot) }), false);
      assert.equal(await verifyConsistency({ ...claim, toRoot: changed(claim.toRoot) }), false);
      assert.equal(await verifyConsistency({ ...claim, from: to, to: from }), from === to);
      for (const proof of falseProofs(claim.proof)) assert.equal(await verifyConsistency({ ...claim, proof }), false);
    }
  }
  const none = { from: 0, to: 3, fromRoot: ROOTS[0], toRoot: ROOTS[3], proof: [] };
  assert.equal(await verifyConsistency(none), true);
  assert.equal(await verifyConsistency({ ...none, fromRoot: ROOTS[1] }), false);
  assert.equal(await verifyConsistency({ ...none, proof: [ROOTS[1]] }), false);
});

test("a proof beyond 2^32 leaves is computed exactly", async () => {
  const [size, leaf] = [2 ** 40, leaves[0]];
  const proof = Array.from({ length: 40 }, (_, level) => new Uint8Array(32).fill(level));
  let expected = leaf;
  for (const sibling of proof) expected = await nodeHash(sibling, expected);
  assert.equal(await verifyInclusion({ leaf, index: size - 1, size, proof, root: expected }), true);
  assert.equal(await verifyInclusion({ leaf, index: size - 2, size, proof, root: expected }), false);
});

// The example of golang.org/x/mod/sumdb/note.
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const QUOTE =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

test("the example of another implementation holds", async () => {
  const verifier = await parseVkey(PETER);
  assert.deepEqual([verifier.name, verifier.kind, verifier.id], ["PeterNeumann", ED25519, "c74f20a3"]);
  assert.equal((await signatureBy(parseNote(QUOTE), verifier)).length, 64);
  await assert.rejects(signatureBy(parseNote(QUOTE.replace("answer", "anwser")), verifier), { name: "BadNote" });
  assert.equal(await signatureBy(parseNote(QUOTE), { ...verifier, name: "Peter" }), null);
});

test("a browser without Ed25519 comes to the same", async () => {
  const native = crypto.subtle.importKey;
  const without = mock.method(crypto.subtle, "importKey", function (format, key, algorithm, ...rest) {
    if (algorithm.name === "Ed25519") throw new DOMException("Unrecognized name", "NotSupportedError");
    return native.call(this, format, key, algorithm, ...rest);
  });
  try {
    const verifier = await parseVkey(PETER);
    assert.equal((await signatureBy(parseNote(QUOTE), verifier)).length, 64);
    await assert.rejects(signatureBy(parseNote(QUOTE.replace("answer", "anwser")), verifier), { name: "BadNote" });
    assert.equal(await verifyEd25519(verifier.key, new Uint8Array(64), utf8("")), false);
    assert.ok(without.mock.callCount() >= 3);
  } finally {
    without.mock.restore();
  }
});

test("a verifier key is of a known kind and carries its own id", async () => {
  for (const wrong of [
    "",
    "a+b",
    PETER.replace("c74f", "c74e"),
    PETER.replace("ARpc", "Ahpc"),
    `a ${PETER}`,
    `+${PETER}`,
    `${PETER}AAAA`,
  ]) {
    await assert.rejects(parseVkey(wrong), { name: "BadNote" }, wrong);
  }
});

test("what is no signed note is refused", () => {
  const wrong = [
    "",
    "text\n",
    "text\n\n",
    "text\n\n— a AAAAAAA=",
    "text\n\n- a AAAAAAA=\n",
    "te\txt\n\n— a AAAAAAA=\n",
    "text\n\n— a+b AAAAAAA=\n",
  ];
  wrong.push(
    "text\n\n— a AAAA\n",
    "text\n\n— a AAAAAAA\n",
    "text\n\n— a  AAAAAAA=\n",
    `${"x".repeat(65 * 1024)}\n\n— a AAAAAAA=\n`,
  );
  for (const note of wrong) assert.throws(() => parseNote(note), { name: "BadNote" }, note.slice(0, 80));
  assert.deepEqual(parseNote("one\n\ntwo\n\n— a AAAAAAA=\n"), {
    text: "one\n\ntwo\n",
    signatures: [{ name: "a", id: "00000000", value: new Uint8Array(1) }],
  });
});

test("a checkpoint has an origin, a size and a root", () => {
  const root64 = toBase64(ROOTS[3]);
  assert.deepEqual(parseCheckpoint(`log.example/1\n3\n${root64}\n`), { origin: "log.example/1", size: 3, root: ROOTS[3] });
  assert.equal(parseCheckpoint(`log.example/1\n0\n${root64}\nmore\n`).size, 0);
  for (const wrong of [
    "",
    `\n3\n${root64}\n`,
    `log\n03\n${root64}\n`,
    `log\n-3\n${root64}\n`,
    `log\n3\n${root64}`,
    "log\n3\nAAAA\n",
    `log\n9999999999999999\n${root64}\n`,
  ]) {
    assert.throws(() => parseCheckpoint(wrong), { name: "BadNote" }, wrong);
  }
});

// A log and a custodian, made here.
async function named(name, kind) {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const raw = joined(Uint8Array.of(kind), new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)));
  const id = (await sha256(joined(utf8(`${name}\n`), raw))).slice(0, 4);
  const sign = async (text) => new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, utf8(text)));
  const line = (value) => `— ${name} ${toBase64(joined(id, value))}\n`;
  return {
    vkey: `${name}+${toHex(id)}+${toBase64(raw)}`,
    sign: async (text) => line(await sign(text)),
    cosign: async (text, time) => {
      const octets = new Uint8Array(8);
      new DataView(octets.buffer).setBigUint64(0, BigInt(time));
      return line(joined(octets, await sign(`cosignature/v1\ntime ${time}\n${text}`)));
    },
  };
}

test("a checkpoint is signed by its log and cosigned with a time", async () => {
  const [log, custodian] = [await named("log.example/1", ED25519), await named("notary.example", COSIGNATURE)];
  const keys = { log: await parseVkey(log.vkey), witness: await parseVkey(custodian.vkey) };
  const text = `log.example/1\n8\n${toBase64(ROOTS[8])}\n`;
  const [signature, cosignature] = [await log.sign(text), await custodian.cosign(text, 1_700_000_000)];
  const expected = { origin: "log.example/1", size: 8, root: ROOTS[8] };
  assert.deepEqual(await verifiedCheckpoint(`${text}\n${signature}${cosignature}`, keys), {
    ...expected,
    cosignedAt: 1_700_000_000,
  });
  assert.deepEqual(await verifiedCheckpoint(`${text}\n${signature}`, keys), { ...expected, cosignedAt: null });
  const wrong = [
    `${text}\n${cosignature}`,
    `${text}\n${signature}${await custodian.cosign(`${text}more\n`, 1_700_000_000)}`,
    `${text}\n${signature}${await custodian.sign(text)}`,
    `${text.replace("\n8\n", "\n7\n")}\n${signature}`,
    `other.example\n${text}\n${await log.sign(`other.example\n${text}`)}`,
  ];
  for (const note of wrong) await assert.rejects(verifiedCheckpoint(note, keys), { name: "BadNote" }, note);
  await assert.rejects(timeBy(parseNote(`${text}\n${signature}`), keys.log), { name: "BadNote" });
});
