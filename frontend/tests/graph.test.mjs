// Going through the graph by keyboard.
import assert from "node:assert/strict";
import test from "node:test";
import { stretch } from "../../static/js/graph/option.js";
import { Walk } from "../../static/js/graph/walk.js";

const picture = {
  nodes: [
    { id: "1", name: "甲公司", query: "" },
    { id: "2", name: "乙院", query: "open=2" },
    { id: "3", name: "丙局", query: "open=3", said: "群组 1" },
  ],
  links: [
    { source: "2", target: "1", label: "持股 51%" },
    { source: "3", target: "2", label: "举办" },
  ],
};

function walk() {
  const lit = [];
  const followed = [];
  const listeners = {};
  const box = { addEventListener: (type, listen) => (listeners[type] = listen) };
  const chart = { dispatchAction: ({ type, dataIndex }) => lit.push(`${type} ${dataIndex}`) };
  const said = { textContent: "" };
  new Walk(box, chart, picture, said, (node) => followed.push(node.id)).start();
  const press = (key) => {
    const event = { key, prevented: false, preventDefault: () => (event.prevented = true) };
    listeners.keydown(event);
    return event.prevented;
  };
  return { press, leave: () => listeners.blur(), lit, said, followed };
}

test("arrows go round, and what is reached is said with its ties", () => {
  const { press, said, lit } = walk();
  assert.ok(press("ArrowRight"));
  assert.equal(said.textContent, "甲公司 · 乙院 持股 51% 甲公司");
  press("ArrowDown");
  assert.equal(said.textContent, "乙院 · 乙院 持股 51% 甲公司 · 丙局 举办 乙院");
  press("ArrowUp");
  press("ArrowLeft");
  assert.equal(said.textContent, "丙局 · 群组 1 · 丙局 举办 乙院");
  assert.deepEqual(lit.slice(0, 3), ["highlight 0", "downplay 0", "highlight 1"]);
});

test("backwards from nowhere begins with the last", () => {
  const { press, said } = walk();
  press("ArrowLeft");
  assert.match(said.textContent, /^丙局 · 群组 1 · /);
});

test("Enter opens what is reached, and nothing where nothing is", () => {
  const { press, followed } = walk();
  assert.equal(press("Enter"), false);
  press("ArrowRight");
  press("ArrowRight");
  press("Enter");
  assert.deepEqual(followed, ["2"]);
});

test("Escape and leaving let go, other keys are the page's", () => {
  const { press, leave, said, lit } = walk();
  press("ArrowRight");
  press("Escape");
  assert.equal(said.textContent, "");
  assert.equal(lit.at(-1), "downplay 0");
  press("ArrowRight");
  leave();
  assert.equal(said.textContent, "");
  assert.equal(press("Tab"), false);
});

test("places fill their part of the box in one direction and fit in the other", () => {
  const nodes = [{ x: 0, y: 10 }, { x: 100, y: 40 }, { x: 50, y: 60 }];
  assert.equal(stretch(nodes, 500, 500), 4);
  assert.equal(stretch(nodes, 500, 100), 1.6);
});

test("places in one line, or one place, are stretched as far as they go", () => {
  assert.equal(stretch([{ x: 5, y: 0 }, { x: 5, y: 100 }], 300, 500), 4);
  assert.equal(stretch([{ x: 5, y: 5 }], 300, 500), 1);
});
