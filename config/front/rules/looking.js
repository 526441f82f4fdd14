// Whom the rule matches now, asked anew a moment after each change; an older question is dropped.
import { call } from "../editor/calls.js";
import { h } from "./dom.js";
import { WORDS } from "./words.js";

const PAUSE_MS = 400;
const number = (value) => value.toLocaleString(document.documentElement.lang || undefined);

/** `desk`: {config, rule() (null: not whole yet), refused(errors), accepted(answer), tell(text, actions)}. */
export function makeLook(desk) {
  const root = document.querySelector("[data-rules-look]");
  const [size, sentence, sample] = ["size", "sentence", "sample"].map((name) => root.querySelector(`[data-look-${name}]`));
  let running = null;
  let timer;

  function soon() {
    running?.abort();
    clearTimeout(timer);
    root.classList.add("is-stale");
    timer = setTimeout(() => ask(false), PAUSE_MS);
  }

  async function ask(exactly) {
    const rule = desk.rule();
    if (!rule) return show(h("p", { class: "soft m-0" }, WORDS.unfinished));
    running?.abort();
    const mine = (running = new AbortController());
    if (!sentence.textContent || exactly) show(h("p", { class: "soft m-0" }, WORDS.looking), sentence.textContent);
    try {
      const answer = await question(rule, exactly, mine.signal);
      if (mine.signal.aborted) return;
      desk.accepted(answer);
      document.dispatchEvent(new CustomEvent("rules:looked", { detail: answer.criteria }));
      answered(answer);
    } catch (error) {
      if (error.name !== "AbortError" && !mine.signal.aborted) refused(error);
    }
  }

  const question = (criteria, exactly, signal) => call(desk.config.urls.look, { criteria, exactly, segment: desk.config.segment }, signal);

  function refused(error) {
    const errors = error.answer?.errors ?? [];
    desk.refused(errors.filter((one) => one.pointer !== undefined), error);
    show(h("p", { class: "soft m-0" }, errors.length ? WORDS.wrong : error.status ? error.message : WORDS.noAnswer));
  }

  function show(what, words = "", table = null) {
    root.classList.remove("is-stale");
    size.replaceChildren(what);
    sentence.textContent = words;
    sample.replaceChildren(...(table ? [table] : []));
  }

  function answered({ look, sentence: words }) {
    const exact = h("button", { type: "button", class: "btn btn-sm btn-secondary-quiet", onclick: () => ask(true) }, WORDS.exactly);
    if (!look) return show(h("p", { class: "soft m-0" }, `${WORDS.slow} `, exact), words);
    const at = new Date(look.at).toLocaleTimeString([], { hourCycle: "h23" });
    const line = h("p", { class: "look-size" }, h("strong", { class: "num" }, `${look.estimated ? `${WORDS.about} ` : ""}${number(look.size)}`), ` ${look.size === 1 ? WORDS.one : WORDS.many} `, h("span", { class: "as-of" }, `${WORDS.asOf} ${at}`));
    const note = look.estimated ? h("p", { class: "soft" }, WORDS.between(number(look.low), number(look.high)), " ", exact) : "";
    show(h("div", {}, line, note), words, look.sample.length ? people(look) : look.size ? null : h("p", { class: "soft m-0" }, WORDS.nobody));
  }

  function people({ sample: some, size: all }) {
    const items = some.map((one) => h("li", {}, h("span", {}, one.name || one.address), h("span", { class: "soft" }, [one.name && one.address, one.country].filter(Boolean).join(" · "))));
    return h("div", {}, all > some.length && h("p", { class: "soft mb-1" }, WORDS.some(some.length)), h("ul", { class: "look-people" }, ...items));
  }

  root.hidden = false;
  return { soon, question, now: () => ask(false), say: (words) => show(h("p", { class: "soft m-0" }, words)) };
}
