// Answers questions about static/js/protocol for tests/protocol/test_javascript.py: reads [[name, ...arguments], …] as JSON
// and writes one answer each; an error is answered with {"error": its code or name}. Bytes travel as base64.
import { text as whole } from "node:stream/consumers";

import * as canonical from "../../static/js/protocol/canonical.js";
import { GROUPS } from "../../static/js/protocol/check.js";
import * as draw from "../../static/js/protocol/draw.js";
import * as envelope from "../../static/js/protocol/envelope.js";
import * as log from "../../static/js/protocol/log.js";
import { decide } from "../../static/js/protocol/methods.js";
import { readRecord } from "../../static/js/protocol/record.js";
import { verify } from "../../static/js/protocol/verify.js";
import { lineOf } from "../../static/js/verify/lines.js";
import { told } from "../../static/js/verify/steps.js";
import { Words } from "../../static/js/verify/words.js";

const { fromBase64, toBase64 } = canonical;
const WORDLESS = new Words(new Map());
const all = (list) => list.map(fromBase64);

const ANSWERS = {
  encode: (value) => toBase64(canonical.encode(value)),
  decode: (bytes) => canonical.decode(fromBase64(bytes)),
  plaintext: (whose, said) => toBase64(envelope.plaintext(whose, said)),
  readPlaintext: (bytes, whose) => envelope.readPlaintext(fromBase64(bytes), whose),
  publicOf: envelope.publicOf,
  sealBoth: async (bytes, locks) => toBase64(await envelope.sealBoth(fromBase64(bytes), locks)),
  unsealBoth: async (bytes, locks) => toBase64(await envelope.unsealBoth(fromBase64(bytes), locks)),
  encryptFile: async (bytes) => {
    const { ciphertext, file } = await envelope.encryptFile(fromBase64(bytes));
    return { ciphertext: toBase64(ciphertext), file };
  },
  decryptFile: async (ciphertext, file) => toBase64(await envelope.decryptFile(fromBase64(ciphertext), file)),
  commitment: (secret) => draw.commitment(fromBase64(secret)),
  oneTimeCode: (secret, iteration) => draw.oneTimeCode(fromBase64(secret), { iteration }),
  codeBelongs: draw.codeBelongs,
  randomness: draw.randomness,
  positions: draw.positions,
  verifyInclusion: ({ leaf, proof, root, ...claim }) =>
    log.verifyInclusion({ ...claim, leaf: fromBase64(leaf), proof: all(proof), root: fromBase64(root) }),
  verifyConsistency: ({ fromRoot, toRoot, proof, ...claim }) =>
    log.verifyConsistency({ ...claim, fromRoot: fromBase64(fromRoot), toRoot: fromBase64(toRoot), proof: all(proof) }),
  verifiedCheckpoint: async (note, keys) => {
    const [logKey, witness] = await Promise.all([log.parseVkey(keys.log), log.parseVkey(keys.witness)]);
    const { root, ...checkpoint } = await log.verifiedCheckpoint(note, { log: logKey, witness });
    return { ...checkpoint, root: toBase64(root) };
  },
  decide: (method, lot) => {
    const { working, redrawn, ...result } = decide(method, lot);
    return result;
  },
  rootFrom: async (leaves, size, proof) => {
    const root = await log.rootFrom(new Map(leaves.map(([index, leaf]) => [index, fromBase64(leaf)])), size, all(proof));
    return root && toBase64(root);
  },
  verify: async (text) => {
    const record = readRecord(text);
    const checks = [];
    for await (const each of verify(record)) checks.push(each);
    for (const group of GROUPS) told(group, { record, checks, words: WORDLESS }); // whatever the record says, there is something to tell
    for (const each of checks) lineOf(each, { record, words: WORDLESS });
    return checks.map(({ what, holds, lot, uscc, party, purpose, iteration, type, index, number }) => {
      return { what, holds, lot, uscc, party, purpose, iteration, type, index, number };
    });
  },
};

async function answer([name, ...question]) {
  try {
    return (await ANSWERS[name](...question)) ?? null;
  } catch (error) {
    return { error: error.code ?? error.name, ...(error.where === undefined ? {} : { where: error.where }) };
  }
}

const questions = JSON.parse(await whole(process.stdin));
process.stdout.write(JSON.stringify(await Promise.all(questions.map(answer))));
