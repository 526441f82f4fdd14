// What is missing in a rule, told before the server is asked: [pointer, words] of each.
import { happeningMissing } from "./happening.js";
import { isGroup, pointerOf, walk } from "./tree.js";
import { missing } from "./values.js";
import { WORDS } from "./words.js";

export function problems(tree, typeOf, limits) {
  const found = [];
  let leaves = 0;
  for (const [node, path] of walk(tree)) {
    const say = (words, part = "") => words && found.push([`${pointerOf(path)}${part}`, words]);
    if (isGroup(node)) {
      if (!node.conditions.length) say(path.length ? WORDS.needs.empty : WORDS.start);
      if (path.length === limits.depth) say(WORDS.needs.depth(limits.depth));
    } else {
      leaves += 1;
      const [part, words] = leafProblem(node, typeOf(node.field));
      say(words, part);
      if (leaves === limits.leaves + 1) say(WORDS.needs.leaves(limits.leaves));
    }
  }
  return found;
}

function leafProblem(leaf, type) {
  if (!leaf.field) return ["/field", WORDS.needs.field];
  const operator = type?.operators.find((one) => one.name === leaf.operator);
  if (!operator) return ["", ""];
  if (!type.measures) return ["/value", missing(leaf.value, operator, type)];
  const [below, words] = happeningMissing(leaf.value, type) ?? ["", ""];
  return [`/value${below}`, words];
}
