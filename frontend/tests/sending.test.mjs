import assert from "node:assert/strict";
import { test } from "node:test";

import { deliver, newKey, refusals } from "../../static/js/sending.js";

const root = { dataset: { url: "/there" }, querySelector: () => ({ value: "token" }) };

test("what is sent goes to the page's address with its key and its token, and the answer comes back", async (t) => {
  const asked = t.mock.method(globalThis, "fetch", async () => new Response('{"n": 1}', { status: 201 }));
  assert.deepEqual(await deliver(root, "key", { amount: "1.00" }), { ok: true, status: 201, said: { n: 1 } });
  const [url, { method, headers, body }] = asked.mock.calls[0].arguments;
  assert.deepEqual([url, method, body], ["/there", "POST", '{"amount":"1.00"}']);
  assert.deepEqual([headers["Idempotency-Key"], headers["X-CSRFToken"]], ["key", "token"]);
});

test("where no answer comes there is none, and one without words says nothing", async (t) => {
  const asked = t.mock.method(globalThis, "fetch", async () => new Response("<h1>502</h1>", { status: 502 }));
  assert.deepEqual(await deliver(root, "key", {}), { ok: false, status: 502, said: {} });
  asked.mock.mockImplementation(async () => {
    throw new TypeError("no network");
  });
  assert.equal(await deliver(root, "key", {}), null);
});

test("a refusal is told field by field, else as a whole, else in the page's own words", () => {
  assert.deepEqual(refusals({ errors: { amount: ["a"], lot: ["b"] }, detail: "c" }, "d"), ["a", "b"]);
  assert.deepEqual(refusals({ detail: "c" }, "d"), ["c"]);
  assert.deepEqual(refusals({}, "d"), ["d"]);
});

test("no two keys are the same", () => {
  assert.match(newKey(), /^[0-9a-f]{32}$/);
  assert.notEqual(newKey(), newKey());
});
