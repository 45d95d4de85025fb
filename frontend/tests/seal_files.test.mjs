import assert from "node:assert/strict";
import { test } from "node:test";

import { contentProblem, problemOf, readFile } from "../../static/js/seal/files.js";

const bytes = (text) => new TextEncoder().encode(text);
const PDF = "%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n";
const limits = { most: 5, largest: 100 };

test("what was chosen is checked before it is read", () => {
  const file = (size) => ({ name: `${size}.pdf`, size });
  assert.deepEqual(problemOf([], limits), {});
  assert.deepEqual(problemOf([file(1), file(100)], limits), {});
  assert.deepEqual(problemOf(Array(6).fill(file(1)), limits), { problem: "files-many" });
  assert.deepEqual(problemOf([file(1), file(101)], limits), { problem: "file-large", name: "101.pdf" });
  assert.deepEqual(problemOf([file(0)], limits), { problem: "file-empty", name: "0.pdf" });
});

test("a file is what its content says", () => {
  assert.equal(contentProblem(bytes(PDF)), "");
  assert.equal(contentProblem(bytes(`x${PDF}`)), "file-kind");
  assert.equal(contentProblem(bytes(PDF.replace("%%EOF", ""))), "file-kind");
  assert.equal(contentProblem(bytes(PDF.replace("%%EOF", `%%EOF${" ".repeat(2000)}`))), "file-kind");
  assert.equal(contentProblem(bytes("")), "file-kind");
  for (const mark of ["/JavaScript", "/JS ", "/Launch", "/EmbeddedFile", "/RichMedia"]) {
    assert.equal(contentProblem(bytes(PDF.replace("/Type", mark))), "file-active", mark);
  }
  assert.equal(contentProblem(bytes(PDF.replace("/Type", "/JavaScrip"))), "");
});

test("a file is read in pieces, and how far is told", async () => {
  const content = new Uint8Array(300_000).map((_, place) => place % 251);
  const told = [];
  const read = await readFile(new Blob([content]), (part) => told.push(part));
  assert.deepEqual(read, content);
  assert.equal(told.at(-1), 1);
});
