// The builder of rules over the JSON of a form: what is drawn is that JSON, what is done gives another one.
import { call } from "../editor/calls.js";
import { makeJson } from "./as-json.js";
import { problems } from "./checking.js";
import { h } from "./dom.js";
import { makeDraw } from "./draw.js";
import { makeDraft } from "./keeping.js";
import { makeLook } from "./looking.js";
import { paintMarks } from "./marks.js";
import * as trees from "./tree.js";
import { WORDS } from "./words.js";

const MOST_UNDO = 200;
const MOST_PASTED = 100_000; // characters, into any field but the JSON
const SAME_TYPING_MS = 1200;

export function mount(elements) {
  for (const element of elements) if (!element.dataset.mounted) begin(element);
}

function begin(form) {
  form.dataset.mounted = "yes";
  const find = (name) => document.querySelector(`[data-rules-${name}]`);
  const config = JSON.parse(form.querySelector("#rules-config").textContent);
  const field = form.querySelector("[data-rule-json]");
  const names = { ...config.names };
  const draft = makeDraft(config.draft, config.base);
  let tree = null;
  let marks = new Map(config.marks.map((one) => [one.pointer, one.detail]));
  let strict = false; // what is missing is marked once somebody wanted to save
  let last = { path: "", at: 0 };
  const past = [];
  const future = [];

  const draw = makeDraw({ vocabulary: config.vocabulary, names, tree: () => tree, put, act, add, offer, tell: (text) => tell(text) });
  const missing = () => problems(tree, draw.typeOf, config.limits);
  const look = makeLook({
    config,
    rule: () => (missing().length ? null : trees.closed(tree)),
    accepted: (answer) => (Object.assign(names, answer.names), (marks = new Map()), paint()),
    refused(errors, error) {
      marks = new Map(errors.map((one) => [one.pointer, one.detail]));
      paint();
      if (error.status === 401 || error.status === 403) tell(WORDS.signedOut, [[WORDS.signIn, () => open(`/sign-in?next=${encodeURIComponent(location.pathname)}`, "_blank", "noopener")]]);
    },
  });

  const json = makeJson({
    find, field, config, look, write: () => write(), redraw: () => redraw(),
    taken: (answer) => (Object.assign(names, answer.names), change(trees.wholeOf(answer.criteria), { path: [], part: "head" })),
  });

  // Changes

  function change(next, { path = [], part = "", redraw = true, typing = false } = {}) {
    const place = trees.pointerOf(path);
    if (!typing || last.path !== place || Date.now() - last.at > SAME_TYPING_MS) past.push(tree);
    if (past.length > MOST_UNDO) past.shift();
    last = typing ? { path: place, at: Date.now() } : { path: "", at: 0 };
    future.length = 0;
    take(next, redraw && { path, part });
  }

  function take(next, focus) {
    tree = next;
    marks = new Map();
    write();
    if (focus) redraw(focus);
    else paint();
    look.soon();
    draft.keep(trees.closed(tree), typedFields());
    find("state").textContent = WORDS.kept;
    tools();
  }

  const write = () => (field.value = JSON.stringify(trees.closed(tree), null, 2));

  function put(path, node, focus) {
    change(trees.put(tree, path, node), focus ? { ...focus } : { path, redraw: false, typing: true });
  }

  function add(path, index, node) {
    change(trees.insert(tree, path, index, node), { path: trees.isGroup(node) ? [...path, index, 0] : [...path, index], part: "field" });
  }

  function act(name, path) {
    const focus = (found) => found && (change(found[0], { path: found[1], part: "more" }), true);
    if (name === "remove") return change(trees.remove(tree, path), neighbour(path));
    if (name === "up" || name === "down") return focus(trees.shift(tree, path, name === "up" ? -1 : 1));
    if (name === "into") return focus(trees.moveIn(tree, path));
    if (name === "out") return focus(trees.moveOut(tree, path));
    if (name === "duplicate") return focus(trees.duplicate(tree, path));
    if (name === "ungroup" && !focus(trees.ungroup(tree, path))) tell(WORDS.keepsGroup);
  }

  function neighbour(path) {
    const [above, index] = [path.slice(0, -1), path.at(-1)];
    const left = trees.nodeAt(tree, above).conditions.length - 1;
    return left ? { path: [...above, Math.min(index, left - 1)], part: "more" } : { path: above, part: "add" };
  }

  function back(from, to) {
    if (!from.length) return;
    to.push(tree);
    last = { path: "", at: 0 };
    const here = document.activeElement;
    const path = here.closest("[data-path]")?.dataset.path;
    take(from.pop(), { path: path ? path.split(".").map(Number) : [], part: here.dataset.part });
    if (document.activeElement === document.body) document.getElementById("rules-title").focus();
  }

  // Drawing

  function redraw({ path, part } = {}) {
    const place = find("tree");
    const scroll = place.scrollLeft;
    place.replaceChildren(draw.whole(tree));
    place.scrollLeft = scroll;
    paint();
    const row = part ? place.querySelector(`[data-pointer="${trees.pointerOf(path)}"]`) : null;
    row?.querySelector(`[data-part="${part}"]`)?.focus();
  }

  /** Of the server those it told, of what is missing once one has tried to save. */
  function paint() {
    const told = new Map(marks);
    if (strict) for (const [pointer, words] of missing()) told.set(pointer, words);
    paintMarks(find("tree"), told);
  }

  function tools() {
    find("undo").disabled = !past.length;
    find("redo").disabled = !future.length;
  }

  function tell(text, actions = []) {
    const note = find("told");
    note.hidden = !text;
    note.querySelector("p").textContent = text;
    note.querySelector(".note-actions").replaceChildren(...actions.map(([words, does]) => h("button", { type: "button", class: "btn btn-sm btn-secondary-quiet", onclick: does }, words)));
  }

  async function offer(name, words) {
    const asked = new URLSearchParams({ field: name, q: words.slice(0, 200) });
    const found = (await call(`${config.urls.values}?${asked}`)).values;
    return found.filter((one) => name !== "segment" || one.value !== config.segment);
  }

  // By keyboard

  const MOVES = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "into", ArrowLeft: "out" };

  function key(event) {
    const row = event.target.closest("[data-path]");
    const path = row?.dataset.path ? row.dataset.path.split(".").map(Number) : [];
    const command = event.ctrlKey || event.metaKey;
    if (event.altKey && MOVES[event.key] && path.length) act(MOVES[event.key], path);
    else if (command && event.key.toLowerCase() === "d" && path.length) act("duplicate", path);
    else if (command && !event.target.matches("input") && event.key.toLowerCase() === "z") event.shiftKey ? back(future, past) : back(past, future);
    else if (command && !event.target.matches("input") && event.key.toLowerCase() === "y") back(future, past);
    else if (event.altKey && MOVES[event.key]) event.preventDefault(); // not a page back by mistake
    else if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    else return;
    event.preventDefault();
  }

  // Saving

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** What no rule can hold is not let in at all: a browser would take minutes to lay it out. */
  function pasted(event) {
    const most = event.target === field ? config.limits.characters : MOST_PASTED;
    if ((event.clipboardData?.getData("text").length ?? 0) <= most) return;
    stop(event);
    if (event.target === field) json.errors(WORDS.tooLong);
    else tell(WORDS.tooLongHere);
  }

  function submitted(event) {
    if (field.value.length > config.limits.characters) {
      stop(event);
      return tell(WORDS.tooLong);
    }
    if (json.isOpen()) return draft.sent();
    strict = true;
    const wrong = missing();
    if (!wrong.length) return draft.sent();
    stop(event);
    paint();
    find("tree").querySelector("[aria-invalid]")?.focus();
  }

  const typedFields = () => Object.fromEntries(["name", "description", "note"].filter((name) => form.elements[name]).map((name) => [name, form.elements[name].value]));

  function offerDraft() {
    const left = config.fresh && draft.left();
    if (!left || JSON.stringify(left.rule) === JSON.stringify(trees.closed(tree))) return;
    const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(left.at);
    tell((left.base === config.base ? WORDS.found : WORDS.foundOld)(when), [
      [WORDS.takeIt, () => {
        for (const [name, value] of Object.entries(left.fields)) if (form.elements[name]) form.elements[name].value = value;
        tell("");
        change(trees.wholeOf(left.rule), { path: [], part: "head" });
      }],
      [WORDS.forget, () => (draft.forget(), tell(""))],
    ]);
  }

  function start() {
    let given = null;
    try {
      given = JSON.parse(field.value);
    } catch {
      /* shown as it was typed */
    }
    tree = trees.wholeOf(given);
    if (config.fresh && !tree.conditions.length) tree = trees.put(tree, [], { ...tree, conditions: [trees.condition()] });
    for (const name of ["bar", "hint", "json-actions"]) find(name).hidden = false;
    redraw();
    json.open(given === null && field.value.trim() !== "");
    tools();
    offerDraft();
    if (marks.size) look.say(WORDS.wrong);
    else look.now();
  }

  find("tree").addEventListener("keydown", key);
  find("undo").addEventListener("click", () => back(past, future));
  find("redo").addEventListener("click", () => back(future, past));
  form.addEventListener("paste", pasted, true);
  form.addEventListener("submit", submitted, true);
  form.addEventListener("input", (event) => event.target.matches("[name=name], [name=description], [name=note]") && draft.keep(trees.closed(tree), typedFields()));
  start();
}
