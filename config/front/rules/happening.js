// Conditions on what somebody did or what a message met with: how often, when, of which kind. The value is
// {count | sum | first | last, within | between, where, campaigns, machines}; what is left out says nothing.
import { h, icon, select } from "./dom.js";
import { blankValue, missing, valueFields } from "./values.js";
import { WORDS } from "./words.js";

const NUMBERS = ["number", "scalar"];
const STARTS = { within: () => "30_days", between: () => ["30_days_ago", "today"] };

/** `place` as for every value, with `field` from the vocabulary. One element. */
export function happening(place) {
  const { type, field } = place;
  const part = makePart(place);
  let now = place.value && typeof place.value === "object" ? place.value : {};
  const box = h("div", { class: "rules-happening" });
  const numbers = Object.entries(field.properties ?? {}).filter(([, kind]) => NUMBERS.includes(kind)).map(([name]) => name);

  const quietly = (next) => place.set((now = next));
  function anew(next, at) {
    quietly(next);
    draw();
    box.querySelector(`[data-at="${CSS.escape(at)}"]`)?.focus();
  }
  const without = (...keys) => Object.fromEntries(Object.entries(now).filter(([key]) => !keys.includes(key)));
  const line = (...children) => h("div", { class: "rules-fields" }, ...children);

  // How often, how much, when

  const measureOf = () => type.measures.find((key) => key in now) ?? "";

  function measures() {
    const offered = type.measures.filter((key) => key !== "sum" || numbers.length).map((key) => [key, WORDS.measures[key]]);
    const choice = select([["", WORDS.measures.once], ...offered], measureOf(), (key) => anew(measured(key), "/value"), { "aria-label": WORDS.measure, "data-part": "value", "data-at": "/value" });
    const key = measureOf();
    return line(choice, ...(key ? comparison(key) : []), ...(["first", "last"].includes(key) ? [] : windows()));
  }

  function measured(key) {
    const rest = without(...type.measures, ...(["first", "last"].includes(key) ? ["within", "between"] : []));
    if (!key) return rest;
    const starts = { count: { operator: "greater_than_or_equal", value: 2 }, sum: { property: field.adds_up || numbers[0], operator: "greater_than", value: 100 } };
    return { [key]: starts[key] ?? { operator: "within_last", value: "30_days" }, ...rest };
  }

  function comparison(key) {
    const at = `/value/${key}`;
    const isTime = key === "first" || key === "last";
    const change = (next) => quietly({ ...now, [key]: { ...now[key], ...next } });
    const operators = isTime ? type.moments : type.amounts;
    const chosen = operators.find((one) => one.name === now[key].operator) ?? operators[0];
    const again = (one) => ({ operator: one.name, value: blank(isTime ? "datetime" : "number", one.operand) });
    const by = key === "sum" ? [part.choice(numbers.map((name) => [name, spoken(name)]), now.sum.property, (property) => change({ property }), `${at}/property`, WORDS.property)] : [];
    const turn = (after) => (after.operand === chosen.operand ? change({ operator: after.name }) : anew({ ...now, [key]: { ...now[key], ...again(after) } }, `${at}/operator`));
    const how = part.choice(operators.map((one) => [one.name, one.words]), chosen.name, (name) => turn(operators.find((one) => one.name === name)), `${at}/operator`, WORDS.operator);
    return [...by, how, ...part.value(isTime ? "datetime" : "number", chosen.operand, now[key].value, (value) => change({ value }), `${at}/value`)];
  }

  function windows() {
    const key = ["within", "between"].find((one) => one in now) ?? "";
    const choice = part.choice(Object.entries(WORDS.windows), key, (next) => anew({ ...without("within", "between"), ...(next ? { [next]: STARTS[next]() } : {}) }, "/value/window"), "/value/window", WORDS.window);
    const set = (value) => quietly({ ...now, [key]: value });
    if (!key) return [choice];
    return [choice, ...part.value("datetime", key === "within" ? "period" : "pair", now[key], set, `/value/${key}`)];
  }

  // Of which events

  function filters() {
    return (now.where ?? []).map((filter, index) => {
      const at = `/value/where/${index}`;
      const put = (next) => ({ ...now, where: now.where.with(index, next) });
      const kind = type.kinds[field.properties[filter.property]] ?? type.kinds.other;
      const chosen = kind.operators.find((one) => one.name === filter.operator) ?? kind.operators[0];
      const property = part.choice(properties(filter.property), filter.property, (name) => (field.properties[name] === field.properties[filter.property] ? quietly(put({ ...now.where[index], property: name })) : anew(put(blankFilter(name)), `${at}/property`)), `${at}/property`, WORDS.property);
      const turn = (after) => (after.operand === chosen.operand ? quietly(put({ ...now.where[index], operator: after.name })) : anew(put(turned(now.where[index], chosen, after)), `${at}/operator`));
      const how = part.choice(kind.operators.map((one) => [one.name, one.words]), chosen.name, (name) => turn(kind.operators.find((one) => one.name === name)), `${at}/operator`, WORDS.operator);
      const away = h("button", { type: "button", class: "icon-button", "aria-label": `${WORDS.remove}: ${spoken(filter.property)}`, onclick: () => anew(lessFilter(index), "/value/add") }, icon("close"));
      const value = part.value(kind.value, chosen.operand, filter.value, (next) => quietly(put({ ...now.where[index], value: next })), `${at}/value`);
      return line(h("span", { class: "soft" }, index ? WORDS.and : WORDS.where), property, how, ...value, away);
    });
  }

  const properties = (known) => [...new Set([known, ...Object.keys(field.properties)])].map((name) => [name, spoken(name)]);

  function blankFilter(name) {
    const kind = type.kinds[field.properties[name]] ?? type.kinds.other;
    const [first] = kind.operators;
    return { property: name, operator: first.name, ...(first.operand === "none" ? {} : { value: blank(kind.value, first.operand) }) };
  }

  function turned({ value, ...rest }, before, after) {
    const operator = after.name;
    if (after.operand === "none") return { ...rest, operator };
    const kept = before.operand === "one" && after.operand === "many" && value !== "" ? [value] : blank(type.kinds[field.properties[rest.property]].value, after.operand);
    return { ...rest, operator, value: kept };
  }

  function lessFilter(index) {
    const left = now.where.toSpliced(index, 1);
    return left.length ? { ...now, where: left } : without("where");
  }

  function adder() {
    const names = Object.keys(field.properties ?? {});
    const add = () => anew({ ...now, where: [...(now.where ?? []), blankFilter(names[0])] }, `/value/where/${now.where?.length ?? 0}/property`);
    return names.length > 0 && h("button", { type: "button", class: "btn btn-sm btn-link rules-narrow", "data-at": "/value/add", onclick: add }, icon("plus"), ` ${WORDS.narrow}`);
  }

  // Of which campaigns, by whom

  function campaigns() {
    if (!type.named) return null;
    const set = (list) => quietly(list.length ? { ...now, campaigns: list } : without("campaigns"));
    return line(h("span", { class: "soft" }, WORDS.ofCampaigns), part.rows(type.named, now.campaigns ?? [], set, "/value/campaigns", WORDS.anyCampaign));
  }

  function machines() {
    if (!field.machines) return null;
    const box = h("input", { type: "checkbox", class: "form-check-input", checked: Boolean(now.machines), "data-at": "/value/machines", onchange: () => quietly(box.checked ? { ...now, machines: true } : without("machines")) });
    return h("label", { class: "rules-machines" }, box, WORDS.machines);
  }

  function draw() {
    box.replaceChildren(...[measures(), campaigns(), ...filters(), adder(), machines()].filter(Boolean));
  }
  draw();
  return box;
}

const spoken = (name) => name.replaceAll("_", " ");

const blank = (name, operand) => blankValue({ operand, schema: {} }, { name });
const lacks = (value, name, operand) => missing(value, { operand, schema: {} }, { name });

/** Fields of a part of the value, each found by `data-at`, where its error is told. */
function makePart(place) {
  const at = (element, pointer) => {
    const field = element.matches("[data-part]") ? element : element.querySelector("[data-part]");
    if (field) (field.dataset.at = pointer), delete field.dataset.part;
    return element;
  };
  const common = { names: place.names, tell: place.tell, label: place.label };
  return {
    choice: (choices, value, set, pointer, words) => select(choices, value, set, { "aria-label": words, "data-at": pointer }),
    value: (name, operand, value, set, pointer) => valueFields({ ...common, type: { name }, operator: { operand }, value, set }).map((one, index) => (index ? one : at(one, pointer))),
    rows: (kind, value, set, pointer, words) => {
      const [field] = valueFields({ ...common, type: { name: "reference", reference: kind }, operator: { operand: "many" }, value, set, suggests: true, offer: (typed) => place.offer(typed, kind) });
      const input = field.querySelector("input");
      input.dataset.nothing = words;
      if (!value.length) input.placeholder = words;
      return at(field, pointer);
    },
  };
}

/** What is missing in such a value: [pointer below it, words], or null. */
export function happeningMissing(value, type) {
  for (const key of type.measures.filter((one) => value?.[one])) {
    const time = key === "first" || key === "last";
    const operator = (time ? type.moments : type.amounts).find((one) => one.name === value[key].operator);
    const words = lacks(value[key].value, time ? "datetime" : "number", operator?.operand);
    if (words) return [`/${key}/value`, words];
  }
  for (const [key, operand] of [["within", "period"], ["between", "pair"]]) {
    const words = value?.[key] === undefined ? "" : lacks(value[key], "datetime", operand);
    if (words) return [`/${key}`, words];
  }
  for (const [index, filter] of (value?.where ?? []).entries()) {
    const kind = Object.values(type.kinds).find((one) => one.operators.some(({ name }) => name === filter.operator));
    const operator = kind?.operators.find((one) => one.name === filter.operator);
    const words = operator && operator.operand !== "none" ? lacks(filter.value, "scalar", operator.operand) : "";
    if (words) return [`/where/${index}/value`, words];
  }
  return null;
}
