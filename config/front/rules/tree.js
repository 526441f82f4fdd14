// A rule as its JSON: pure functions that give a new one and leave the old one alone. A place is the list of indices
// of conditions that lead to it: [] is the whole, [0, 2] the third condition of the group that comes first.
export const isGroup = (node) => Array.isArray(node?.conditions);
export const pointerOf = (path) => path.map((index) => `/conditions/${index}`).join("");
export const nodeAt = (tree, path) => path.reduce((node, index) => node?.conditions?.[index], tree);
export const group = (...conditions) => ({ logic: "AND", conditions });
export const condition = () => ({ field: "", operator: "" });

/** `act` on a list of conditions, as a new tree. */
function within(tree, path, act) {
  if (!path.length) return { ...tree, conditions: act([...tree.conditions]) };
  const [index, ...rest] = path;
  return { ...tree, conditions: tree.conditions.map((one, at) => (at === index ? within(one, rest, act) : one)) };
}

export function put(tree, path, node) {
  if (!path.length) return node;
  return within(tree, path.slice(0, -1), (list) => list.with(path.at(-1), node));
}

export const insert = (tree, path, index, node) => within(tree, path, (list) => list.toSpliced(index, 0, node));
export const remove = (tree, path) => within(tree, path.slice(0, -1), (list) => list.toSpliced(path.at(-1), 1));

export function duplicate(tree, path) {
  const to = [...path.slice(0, -1), path.at(-1) + 1];
  return [insert(tree, to.slice(0, -1), to.at(-1), structuredClone(nodeAt(tree, path))), to];
}

/** One place up or down among its neighbours; null when it is at the end. Each move gives [tree, where it is now]. */
export function shift(tree, path, by) {
  const [above, index] = [path.slice(0, -1), path.at(-1)];
  const to = index + by;
  if (to < 0 || to >= nodeAt(tree, above).conditions.length) return null;
  return [insert(remove(tree, path), above, to, nodeAt(tree, path)), [...above, to]];
}

/** Into the group before it, else into one of its own. */
export function moveIn(tree, path) {
  const node = nodeAt(tree, path);
  const before = [...path.slice(0, -1), path.at(-1) - 1];
  const neighbour = path.at(-1) > 0 ? nodeAt(tree, before) : null;
  if (isGroup(neighbour)) {
    return [insert(remove(tree, path), before, neighbour.conditions.length, node), [...before, neighbour.conditions.length]];
  }
  return [put(tree, path, group(node)), [...path, 0]];
}

/** Out of its group, behind it; a group that is left empty goes, unless it excludes somebody. */
export function moveOut(tree, path) {
  if (path.length < 2) return null;
  const above = path.slice(0, -1);
  const left = remove(tree, path);
  const gone = nodeAt(left, above).conditions.length === 0 && !nodeAt(left, above).exclude_segments?.length;
  const [outer, index] = [above.slice(0, -1), above.at(-1)];
  const to = gone ? index : index + 1;
  return [insert(gone ? remove(left, above) : left, outer, to, nodeAt(tree, path)), [...outer, to]];
}

/** Its conditions instead of a group; null when that would change what it means. */
export function ungroup(tree, path) {
  const [node, above] = [nodeAt(tree, path), nodeAt(tree, path.slice(0, -1))];
  const same = node.logic === above?.logic || node.conditions.length === 1;
  if (!path.length || node.not || node.exclude_segments?.length || !same) return null;
  return [within(tree, path.slice(0, -1), (list) => list.toSpliced(path.at(-1), 1, ...node.conditions)), path];
}

/** What is drawn from whatever was given: groups have their keys, {"not": …} becomes a group that is turned round. */
export function opened(raw) {
  if (!raw || typeof raw !== "object" || Array.isArray(raw)) return condition();
  if ("field" in raw) return raw;
  if (raw.not && typeof raw.not === "object") return { ...group(opened(raw.not)), not: true };
  const conditions = Array.isArray(raw.conditions) ? raw.conditions.map(opened) : [];
  return { ...raw, logic: raw.logic ?? "AND", conditions };
}

/** A whole rule is a group. */
export function wholeOf(raw) {
  const node = opened(raw);
  return isGroup(node) ? node : group(...(raw ? [node] : []));
}

/** The JSON to send: without keys that say nothing. */
export function closed(node) {
  if (!isGroup(node)) return node;
  const { not, exclude_segments: excluded, ...rest } = node;
  return {
    ...rest,
    conditions: node.conditions.map(closed),
    ...(excluded?.length ? { exclude_segments: excluded } : {}),
    ...(not ? { not: true } : {}),
  };
}

/** Every node with its place, from above. */
export function* walk(node, path = []) {
  yield [node, path];
  if (isGroup(node)) for (const [index, below] of node.conditions.entries()) yield* walk(below, [...path, index]);
}
