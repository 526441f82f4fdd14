// The pure half of the builder: run by tests/segments/test_rule_builder.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import { problems } from "../../config/front/rules/checking.js";
import * as trees from "../../config/front/rules/tree.js";

const leaf = (value) => ({ field: "country", operator: "equals", value });
let seed = 7;
const random = (below) => (seed = (seed * 48271) % 2147483647) % below;

function anyRule(depth = 0) {
  const conditions = Array.from({ length: 1 + random(3) }, () => (depth < 4 && random(3) === 0 ? anyRule(depth + 1) : leaf(String(random(9)))));
  return {
    logic: random(2) ? "AND" : "OR",
    conditions,
    ...(random(4) === 0 ? { exclude_segments: ["98XeRQ61frS"] } : {}),
    ...(random(4) === 0 ? { not: true } : {}),
  };
}
const rules = Array.from({ length: 100 }, () => anyRule());
const places = (rule) => [...trees.walk(rule)].map(([, path]) => path).filter((path) => path.length);
const leaves = (rule) => [...trees.walk(rule)].map(([node]) => node).filter((node) => !trees.isGroup(node)).map((node) => node.value).sort();

test("what is drawn from a rule goes back to the same JSON", () => {
  for (const rule of rules) assert.equal(JSON.stringify(trees.closed(trees.wholeOf(rule))), JSON.stringify(rule));
});

test("moving loses and doubles nothing, and the place it gives holds what was moved", () => {
  for (const rule of rules) {
    for (const path of places(rule)) {
      for (const move of [trees.moveIn, trees.moveOut, (tree, at) => trees.shift(tree, at, 1), (tree, at) => trees.shift(tree, at, -1)]) {
        const before = JSON.stringify(rule);
        const found = move(rule, path);
        assert.equal(JSON.stringify(rule), before);
        if (!found) continue;
        assert.deepEqual(leaves(found[0]), leaves(rule));
        assert.deepEqual(trees.nodeAt(...found), trees.nodeAt(rule, path));
      }
    }
  }
});

test("a duplicate stands behind its model, and taken away again leaves what was", () => {
  for (const rule of rules) {
    for (const path of places(rule)) {
      const [twice, to] = trees.duplicate(rule, path);
      assert.deepEqual(trees.nodeAt(twice, to), trees.nodeAt(rule, path));
      assert.deepEqual(trees.remove(twice, to), rule);
    }
  }
});

test("a group is dissolved only where that says the same", () => {
  const inner = { logic: "OR", conditions: [leaf("a"), leaf("b")] };
  assert.equal(trees.ungroup({ logic: "AND", conditions: [inner, leaf("c")] }, [0]), null);
  assert.equal(trees.ungroup({ logic: "OR", conditions: [{ ...inner, not: true }] }, [0]), null);
  const [flat] = trees.ungroup({ logic: "OR", conditions: [inner, leaf("c")] }, [0]);
  assert.deepEqual(flat, { logic: "OR", conditions: [leaf("a"), leaf("b"), leaf("c")] });
});

test("other spellings are drawn as groups, nonsense as something to mend", () => {
  assert.deepEqual(trees.closed(trees.wholeOf({ not: leaf("a") })), { logic: "AND", conditions: [leaf("a")], not: true });
  for (const odd of [null, 3, "x", [], {}, { conditions: "x" }]) assert.ok(trees.isGroup(trees.wholeOf(odd)));
});

test("what is missing in a condition on an event is told at its part", () => {
  const operators = [{ name: "greater_than", operand: "one" }, { name: "between", operand: "pair" }, { name: "exists", operand: "none" }, { name: "equals", operand: "one" }];
  const type = { measures: ["count", "first"], amounts: operators, moments: operators, kinds: { string: { value: "string", operators } }, operators: [{ name: "did", operand: "one" }] };
  const told = (value) => problems(trees.group({ field: "event.x", operator: "did", value }), () => type, { depth: 9, leaves: 9 }).map(([pointer]) => pointer);
  const whole = { count: { operator: "greater_than", value: 2 }, within: "14_days", where: [{ property: "path", operator: "equals", value: "/" }, { property: "path", operator: "exists" }] };
  assert.deepEqual(told(whole), []);
  assert.deepEqual(told({}), []);
  assert.deepEqual(told({ ...whole, count: { operator: "between", value: [1, ""] } }), ["/conditions/0/value/count/value"]);
  assert.deepEqual(told({ ...whole, within: "x_days" }), ["/conditions/0/value/within"]);
  assert.deepEqual(told({ between: ["", "today"] }), ["/conditions/0/value/between"]);
  assert.deepEqual(told({ where: [{ property: "path", operator: "equals", value: "" }] }), ["/conditions/0/value/where/0/value"]);
});
