// The rule as boxes: a line a condition, a box a group. Everything is drawn anew when its shape changes; a value that is
// being typed is left alone.
import { combobox } from "./combobox.js";
import { h, icon, openMenu, select } from "./dom.js";
import { condition, group, isGroup, nodeAt, pointerOf } from "./tree.js";
import { blankValue, valueFields } from "./values.js";
import { WORDS } from "./words.js";

/** `desk`: {vocabulary, names, tree(), put(path, node, redraw), act(name, path), offer(field, words), tell(text)}. */
export function makeDraw(desk) {
  const fields = new Map(desk.vocabulary.fields.map((field) => [field.name, field]));
  const typeOf = (name) => desk.vocabulary.types[fields.get(name)?.type];
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function node(one, path) {
    return isGroup(one) ? groupBox(one, path) : line(one, path);
  }

  // Groups

  function groupBox(one, path) {
    const box = h("div", { class: `rules-group${path.length > 6 ? " is-deep" : ""}`, role: "group", "data-pointer": pointerOf(path), "data-path": path.join("."), "aria-label": WORDS.heads[headOf(one)] });
    const head = select(Object.entries(WORDS.heads), headOf(one), (key) => desk.put(path, turned(nodeAt(desk.tree(), path), key), false), { "aria-label": WORDS.addGroup, "data-part": "head", class: "form-select rules-head" });
    box.append(h("div", { class: "rules-group-head" }, head, path.length > 0 && tools(path, true)));
    box.append(h("p", { class: "field-error", "data-mark": true, hidden: true }));
    if (!one.conditions.length && !path.length) box.append(h("p", { class: "soft rules-start" }, WORDS.start));
    box.append(h("div", { class: "rules-conditions" }, ...one.conditions.map((below, index) => node(below, [...path, index]))));
    if (one.exclude_segments) box.append(exclusion(one, path));
    box.append(foot(one, path));
    return box;
  }

  const headOf = (one) => `${one.logic}${one.not ? " not" : ""}`;

  function turned(one, key) {
    const [logic, not] = key.split(" ");
    const { not: _before, ...rest } = one;
    return { ...rest, logic, ...(not ? { not: true } : {}) };
  }

  function foot(one, path) {
    const end = one.conditions.length;
    const button = (words, name, act) => h("button", { type: "button", class: "btn btn-sm btn-secondary-quiet", "data-part": name, onclick: act }, icon("plus"), ` ${words}`);
    return h("div", { class: "rules-foot" },
      button(WORDS.addCondition, "add", () => desk.add(path, end, condition())),
      button(WORDS.addGroup, "add-group", () => desk.add(path, end, { ...group(condition()), logic: one.logic === "AND" ? "OR" : "AND" })),
      !path.length && !one.exclude_segments && button(WORDS.exclude, "exclude", () => exclude(path)),
    );
  }

  const exclude = (path) => desk.put(path, { exclude_segments: [], ...nodeAt(desk.tree(), path) }, { path, part: "excluded" });

  function exclusion(one, path) {
    const type = desk.vocabulary.types[desk.vocabulary.excluded];
    const [field] = valueFields({
      ...placeOf({ field: "segment" }, path), type, operator: { operand: "many" }, value: one.exclude_segments, label: WORDS.except, suggests: true,
      set: (value) => desk.put(path, { ...nodeAt(desk.tree(), path), exclude_segments: value }, false),
    });
    field.querySelector("[data-part]").dataset.part = "excluded";
    const away = h("button", { type: "button", class: "icon-button", "aria-label": `${WORDS.remove}: ${WORDS.except}`, onclick: () => {
      const { exclude_segments: _gone, ...rest } = nodeAt(desk.tree(), path);
      desk.put(path, rest, { path, part: path.length ? "more" : "exclude" });
    } }, icon("trash"));
    return h("div", { class: "rules-line rules-exclusion", "data-pointer": `${pointerOf(path)}/exclude_segments` }, h("div", { class: "rules-fields" }, h("span", { class: "soft" }, WORDS.except), field), h("span", { class: "rules-tools" }, away), h("p", { class: "field-error", "data-mark": true, hidden: true }));
  }

  // Conditions

  function line(leaf, path) {
    const row = h("div", { class: "rules-line", role: "group", "data-pointer": pointerOf(path), "data-path": path.join("."), "aria-label": `${WORDS.addCondition} ${path.at(-1) + 1}` });
    row.append(h("div", { class: "rules-fields" }, fieldPicker(leaf, path), ...operatorAndValue(leaf, path)), tools(path, false), h("p", { class: "field-error", "data-mark": true, hidden: true }));
    return row;
  }

  function fieldPicker(leaf, path) {
    const field = fields.get(leaf.field);
    const shown = field ? capital(field.label) : leaf.field ? WORDS.unknownField(leaf.field) : "";
    const input = h("input", { class: "form-control rules-field", type: "text", "aria-label": WORDS.field, placeholder: WORDS.chooseField, "data-part": "field" });
    input.value = shown;
    combobox(input, {
      every: true,
      offer: (words) => offered(words),
      choose: ({ value }) => desk.put(path, withField(nodeAt(desk.tree(), path), value), { path, part: "operator" }),
    });
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => (input.value = shown));
    return input;
  }

  function offered(words) {
    const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return desk.vocabulary.fields
      .filter((one) => wanted.every((word) => `${one.label} ${one.group} ${one.name}`.toLowerCase().includes(word)))
      .map((one) => ({ value: one.name, label: capital(one.label), group: one.group }));
  }

  function withField(leaf, name) {
    const type = typeOf(name);
    const same = type && type === typeOf(leaf.field);
    const operator = (same && type.operators.find((one) => one.name === leaf.operator)) || type.operators[0];
    return { field: name, operator: operator.name, ...(operator.operand === "none" ? {} : { value: same && "value" in leaf && !type.reference ? leaf.value : blankValue(operator, type) }) };
  }

  function operatorAndValue(leaf, path) {
    const type = typeOf(leaf.field);
    if (!type) return [];
    const operator = type.operators.find((one) => one.name === leaf.operator) ?? { name: leaf.operator, words: leaf.operator, operand: "one" };
    const known = type.operators.map((one) => [one.name, one.words]);
    const choices = known.some(([name]) => name === operator.name) ? known : [[operator.name, operator.words], ...known];
    const chosen = select(choices, operator.name, (name) => desk.put(path, withOperator(nodeAt(desk.tree(), path), type, name), { path, part: "operator" }), { "aria-label": WORDS.operator, "data-part": "operator", class: "form-select rules-operator" });
    return [chosen, ...valueFields({ ...placeOf(leaf, path), type, operator })];
  }

  function withOperator(leaf, type, name) {
    const [before, after] = [leaf.operator, name].map((one) => type.operators.find(({ name: known }) => known === one));
    const { value: _old, ...rest } = leaf;
    if (after.operand === "none") return { ...rest, operator: name };
    const fits = before?.operand === after.operand && "value" in leaf;
    const listed = after.operand === "many" && before?.operand === "one" && leaf.value !== "" && leaf.value != null;
    return { ...rest, operator: name, value: fits ? leaf.value : listed ? [leaf.value] : blankValue(after, type) };
  }

  const placeOf = (leaf, path) => ({
    value: leaf.value,
    field: fields.get(leaf.field) ?? {},
    label: fields.get(leaf.field)?.label ?? leaf.field,
    names: desk.names,
    suggests: fields.get(leaf.field)?.suggests,
    offer: (words, field = leaf.field) => desk.offer(field, words),
    set: (value) => desk.put(path, { ...nodeAt(desk.tree(), path), value }, false),
    tell: desk.tell,
  });

  // What can be done to either

  function tools(path, ofGroup) {
    const more = h("button", { type: "button", class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": WORDS.more, "data-part": "more", onclick: () => openMenu(more, [
      [WORDS.up, "Alt ↑", () => desk.act("up", path)],
      [WORDS.down, "Alt ↓", () => desk.act("down", path)],
      [WORDS.into, "Alt →", () => desk.act("into", path)],
      ...(path.length > 1 ? [[WORDS.out, "Alt ←", () => desk.act("out", path)]] : []),
      [WORDS.duplicate, "Ctrl D", () => desk.act("duplicate", path)],
      ...(ofGroup ? [[WORDS.exclude, "", () => exclude(path)], [WORDS.ungroup, "", () => desk.act("ungroup", path)]] : []),
    ]) }, icon("more"));
    const away = h("button", { type: "button", class: "icon-button", "aria-label": WORDS.remove, "data-part": "remove", onclick: () => desk.act("remove", path) }, icon("trash"));
    return h("span", { class: "rules-tools" }, more, away);
  }

  return { whole: (tree) => groupBox(tree, []), typeOf };
}
