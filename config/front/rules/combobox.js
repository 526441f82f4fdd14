// A field that offers what fits while one types (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/).
import { h, newId, popUp } from "./dom.js";
import { WORDS } from "./words.js";

const PAUSE_MS = 150;

/**
 * `offer(words)` gives (a promise of) [{value, label, group, detail}]; `choose(option)` takes one.
 * `free`: what is typed counts as it is. `every`: all is offered when one comes, whatever stands in the field.
 */
export function combobox(input, { offer, choose, free = false, every = false }) {
  let list = null;
  let options = [];
  let active = -1;
  let asked = 0;
  let timer;

  Object.entries({ role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false" })
    .forEach(([name, value]) => input.setAttribute(name, value));

  function close() {
    clearTimeout(timer);
    asked += 1;
    list?.remove();
    list = null;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    removeEventListener("scroll", scrolled, true);
  }
  const scrolled = (event) => event.target !== list && close();

  async function open(words) {
    const turn = (asked += 1);
    const found = await Promise.resolve(offer(words)).catch(() => []);
    if (turn !== asked || document.activeElement !== input) return;
    close();
    options = found;
    if (!options.length && free) return;
    draw();
  }

  function draw() {
    list = h("ul", { class: "rules-options", role: "listbox", id: newId("options"), "aria-label": input.getAttribute("aria-label") ?? "" });
    let group = null;
    for (const [index, one] of options.entries()) {
      if (one.group && one.group !== group) list.append(h("li", { class: "rules-options-group", role: "presentation" }, (group = one.group)));
      list.append(h("li", { role: "option", id: `${list.id}-${index}`, "aria-selected": "false", "data-index": index }, one.label, one.detail && h("span", { class: "soft" }, one.detail)));
    }
    if (!options.length) list.append(h("li", { class: "rules-options-group", role: "presentation" }, WORDS.nothing));
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const at = event.target.closest("[data-index]");
      if (at) take(Number(at.dataset.index));
    });
    popUp(list, input);
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "true");
    activate(free ? -1 : 0);
    addEventListener("scroll", scrolled, true);
  }

  function activate(index) {
    active = index;
    list.querySelectorAll("[role=option]").forEach((one, at) => one.setAttribute("aria-selected", String(at === index)));
    const one = list.querySelector(`[data-index="${index}"]`);
    one?.scrollIntoView({ block: "nearest" });
    if (one) input.setAttribute("aria-activedescendant", one.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    const one = options[index];
    close();
    if (one) choose(one);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => open(input.value), PAUSE_MS);
  });
  input.addEventListener("click", () => !list && open(every ? "" : input.value));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!list) open(every ? "" : input.value);
      else if (options.length) activate((active + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
    } else if (event.key === "Enter" && list && active >= 0) take(active);
    else if (event.key === "Enter" && timer && !list && !free) open(input.value);
    else if (event.key === "Escape" && list) close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  return { close };
}
