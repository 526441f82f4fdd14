// The field for a value: by the shape its operator takes and the JSON Schema of its type. A type this page has never
// heard of is drawn from its schema alone.
import { combobox } from "./combobox.js";
import { h, icon, select } from "./dom.js";
import { happening } from "./happening.js";
import { WORDS } from "./words.js";

export const MOST_VALUES = 1000;
export const MOST_CHARACTERS = 1000;
const PERIOD = /^(\d+)_(minute|hour|day|week|month|year)s?$/;
const DATES = ["date", "datetime"];

/** `place`: {field, type, operator, value, set(value), offer(words), names, label}. Gives elements. */
export function valueFields(place) {
  const { operator, type } = place;
  if (operator.operand === "none") return [];
  if (type.measures) return [happening(place)];
  if (operator.operand === "many") return [tokens(place)];
  if (operator.operand === "period") return [period(place)];
  if (operator.operand === "pair") return pair(place);
  return [one(place, type, operator.schema)];
}

export function blankValue(operator, type) {
  if (operator.operand === "none") return undefined;
  if (operator.operand === "many") return [];
  if (operator.operand === "period") return "30_days";
  const single = type.name === "boolean" ? true : DATES.includes(type.name) ? "today" : blankOf(operator.schema);
  return operator.operand === "pair" ? (DATES.includes(type.name) ? ["30_days_ago", "today"] : ["", ""]) : single;
}

function blankOf(schema = {}) {
  if (schema.type === "object") {
    const needed = (schema.required ?? []).map((name) => [name, blankOf(schema.properties?.[name])]);
    return Object.fromEntries(needed);
  }
  if (schema.type === "array") return [];
  if (schema.enum) return schema.enum[0];
  return schema.const ?? (schema.type === "boolean" ? true : "");
}

/** What is missing in a value, in words; nothing when the server may judge. */
export function missing(value, operator, type) {
  if (operator.operand === "none") return "";
  if (operator.operand === "many") return manyMissing(value, type);
  if (operator.operand === "period") return PERIOD.test(value) ? "" : WORDS.needs.period;
  const all = operator.operand === "pair" ? (Array.isArray(value) ? value : ["", ""]) : [value];
  return all.map((single) => oneMissing(single, type, operator.schema)).find(Boolean) ?? "";
}

function manyMissing(value, type) {
  if (!value?.length) return WORDS.needs.value;
  if (value.length > MOST_VALUES) return WORDS.needs.many(MOST_VALUES);
  return value.map((single) => oneMissing(single, type, {})).find(Boolean) ?? "";
}

function oneMissing(value, type, schema) {
  if (DATES.includes(type.name)) return /^$|^_|^in__/.test(value ?? "") ? WORDS.needs.date : "";
  if (value === "" || value == null) return type.name === "number" ? WORDS.needs.number : WORDS.needs.value;
  if (type.name === "number" && typeof value !== "number") return WORDS.needs.number;
  if (typeof value === "string" && value.length > (schema?.maxLength ?? MOST_CHARACTERS)) return WORDS.needs.long(MOST_CHARACTERS);
  return "";
}

const numberOf = (text) => (/^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text);
const named = (place, extra = "") => `${WORDS.value}${extra}: ${place.label}`;

function one(place, type, schema, value = place.value, set = place.set, name = named(place)) {
  if (type.name === "boolean") return select([["true", WORDS.yes], ["false", WORDS.no]], String(value), (text) => set(text === "true"), { "aria-label": name, "data-part": "value" });
  if (DATES.includes(type.name)) return date(type, value, set, name);
  if (type.name === "string" || type.name === "number") return text(place, type, value, set, name);
  return bySchema(schema ?? {}, value, set, name);
}

function text(place, type, value, set, name) {
  const read = type.name === "number" ? numberOf : (typed) => typed;
  const input = h("input", { class: "form-control", type: "text", inputmode: type.name === "number" ? "decimal" : null, "aria-label": name, "data-part": "value", autocomplete: "off", oninput: () => set(read(input.value)) });
  input.value = value ?? "";
  if (place.suggests) combobox(input, { free: true, offer: place.offer, choose: ({ value: chosen }) => ((input.value = chosen), set(chosen)) });
  return input;
}

function pair(place) {
  const given = Array.isArray(place.value) ? place.value : ["", ""];
  const kept = [...given];
  const half = (index) => one(place, place.type, place.operator.schema?.items, given[index], (value) => place.set([...((kept[index] = value), kept)]), named(place, ` ${index + 1}`));
  return [half(0), h("span", { class: "rules-and" }, WORDS.and), half(1)];
}

// Dates and periods

function period(place) {
  const units = Object.entries(WORDS.units).filter(([unit]) => place.operator.schema?.pattern?.includes(unit) ?? true);
  return amount(place.value, units, place.set, named(place));
}

function amount(value, units, set, name) {
  const [, count = String(value ?? "").split("_")[0], unit = "day"] = PERIOD.exec(value) ?? [];
  const box = h("span", { class: "rules-amount" });
  const input = h("input", { class: "form-control", type: "text", inputmode: "numeric", "aria-label": name, "data-part": "value", autocomplete: "off", oninput: changed });
  input.value = count;
  const chosen = select(units, unit, changed, { "aria-label": `${name} (unit)` });
  function changed() {
    const typed = input.value.trim();
    set(`${typed}_${chosen.value}${typed === "1" ? "" : "s"}`);
  }
  box.append(input, chosen);
  return box;
}

function kindOfDate(value) {
  if (["today", "yesterday", "tomorrow"].includes(value)) return value;
  if (String(value).endsWith("_ago")) return "ago";
  if (String(value).startsWith("in_")) return "ahead";
  return String(value).includes("T") ? "moment" : "on";
}

function date(type, value, set, name) {
  const box = h("span", { class: "rules-date" });
  const { on, ago, ahead, today, yesterday, tomorrow, moment } = WORDS.days;
  const kinds = Object.entries({ on, ago, ahead, today, yesterday, tomorrow, ...(type.name === "datetime" ? { moment } : {}) });
  const units = Object.entries(WORDS.units).filter(([unit]) => type.name === "datetime" || !["minute", "hour"].includes(unit));
  const starts = { on: "", ago: "30_days_ago", ahead: "in_30_days", moment: "" };
  function draw(now) {
    const kind = kindOfDate(now);
    box.replaceChildren(select(kinds, kind, (next) => ((now = starts[next] ?? next), set(now), drawAs(next, now)), { "aria-label": `${name} (which)`, "data-part": "value" }));
    detail(kind, now);
  }
  function drawAs(kind, now) {
    while (box.children.length > 1) box.lastChild.remove();
    detail(kind, now);
  }
  function detail(kind, now) {
    if (kind === "ago") box.append(amount(now.replace(/_ago$/, ""), units, (period) => set(`${period}_ago`), name));
    if (kind === "ahead") box.append(amount(now.replace(/^in_/, ""), units, (period) => set(`in_${period}`), name));
    if (kind === "on" || kind === "moment") box.append(calendar(kind, now));
  }
  function calendar(kind, now) {
    const input = h("input", { class: "form-control", type: kind === "on" ? "date" : "datetime-local", "aria-label": name, oninput: () => set(kind === "on" || !input.value ? input.value : `${input.value}${input.value.length === 16 ? ":00" : ""}Z`) });
    input.value = kind === "on" ? now : String(now).replace(/Z$/, "").slice(0, 19);
    return input;
  }
  draw(value ?? "today");
  return box;
}

// Several values

function tokens(place) {
  const read = place.type.name === "number" ? numberOf : (typed) => typed;
  const free = !place.type.reference && !place.type.choices;
  let values = Array.isArray(place.value) ? place.value : place.value == null || place.value === "" ? [] : [place.value];
  const box = h("span", { class: "rules-tokens", onclick: (event) => event.target === box && input.focus() });
  const input = h("input", { class: "rules-token-input", type: "text", "aria-label": named(place), "data-part": "value", autocomplete: "off" });
  const shown = (value) => place.names[value] ?? place.type.choices?.[value] ?? String(value);

  function change(next) {
    values = [...new Set(next)];
    place.set(values);
    draw();
    input.focus();
  }
  function draw() {
    box.replaceChildren(...values.slice(0, 100).map((value, index) => h("span", { class: "rules-token" }, shown(value),
      h("button", { type: "button", "aria-label": `${WORDS.remove} ${shown(value)}`, onclick: () => change(values.filter((_, at) => at !== index)) }, icon("close")))));
    if (values.length > 100) box.append(h("span", { class: "soft" }, `+ ${(values.length - 100).toLocaleString()}`));
    input.placeholder = values.length ? "" : (input.dataset.nothing ?? WORDS.add);
    box.append(input);
  }
  function addTyped() {
    const typed = input.value.trim();
    if (!typed || !free) return;
    input.value = "";
    change([...values, read(typed)]);
  }
  if (place.suggests) combobox(input, {
    free, every: !free,
    offer: async (words) => (await place.offer(words)).filter((one) => !values.includes(one.value)),
    choose: ({ value, label }) => {
      place.names[value] ??= label;
      input.value = "";
      change([...values, value]);
    },
  });
  input.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === ",") && free) (event.preventDefault(), addTyped());
    else if (event.key === "Enter") event.preventDefault();
    else if (event.key === "Backspace" && !input.value && values.length) change(values.slice(0, -1));
  });
  input.addEventListener("blur", () => (free ? addTypedQuietly() : (input.value = "")));
  input.addEventListener("paste", (event) => {
    const lines = event.clipboardData.getData("text").split(/[\n\t;,]+/).map((line) => line.trim()).filter(Boolean);
    if (!free || lines.length < 2) return;
    event.preventDefault();
    if (lines.length > MOST_VALUES) return place.tell(WORDS.needs.many(MOST_VALUES));
    change([...values, ...lines.map(read)]);
  });
  function addTypedQuietly() {
    const typed = input.value.trim();
    if (!typed) return;
    input.value = "";
    values = [...new Set([...values, read(typed)])];
    place.set(values);
    draw();
  }
  draw();
  return box;
}

// Shapes of other kinds, by their schema

function bySchema(schema, value, set, name) {
  if (schema.enum) return select(schema.enum.map((one) => [String(one), String(one).replaceAll("_", " ")]), String(value), (text) => set(schema.enum.find((one) => String(one) === text)), { "aria-label": name, "data-part": "value" });
  if (schema.type === "boolean") return select([["true", WORDS.yes], ["false", WORDS.no]], String(value), (text) => set(text === "true"), { "aria-label": name, "data-part": "value" });
  if (schema.type === "object" && schema.properties) return object(schema, value, set, name);
  const scalar = ["string", "number", "integer"].includes(schema.type);
  const read = scalar ? (schema.type === "string" ? (typed) => typed : numberOf) : parsed;
  const input = h("input", { class: "form-control", type: "text", "aria-label": name, "data-part": "value", autocomplete: "off", placeholder: schema.examples?.[0] ?? "", oninput: () => set(read(input.value)) });
  input.value = scalar ? (value ?? "") : value === "" || value === undefined ? "" : JSON.stringify(value);
  return input;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function object(schema, value, set, name) {
  let now = value && typeof value === "object" ? { ...value } : {};
  const fields = Object.entries(schema.properties).map(([key, below]) => {
    const words = (below.title ?? key).replaceAll("_", " ");
    const change = (next) => {
      now = { ...now, [key]: next };
      if (next === "" && !schema.required?.includes(key)) delete now[key];
      set(now);
    };
    return h("label", { class: "rules-part" }, words, bySchema(below, now[key] ?? "", change, `${name}, ${words}`));
  });
  return h("span", { class: "rules-object", role: "group", "aria-label": name }, ...fields);
}
