// The rule as its JSON, for experts: written and pasted instead of drawn, taken over when the server can read it.
import { Refused } from "../editor/calls.js";
import { h } from "./dom.js";
import { WORDS } from "./words.js";

/** `desk`: {find(name), field, config, look, write(), redraw(), taken(answer)}. */
export function makeJson({ find, field, config, look, write, redraw, taken }) {
  const isOpen = () => !find("json-panel").hidden;

  function open(shown) {
    find("json-panel").hidden = !shown;
    find("tree").hidden = shown;
    find("hint").hidden = shown;
    find("json").setAttribute("aria-expanded", String(shown));
    find("json-errors").replaceChildren();
    if (shown) field.focus();
  }

  function errors(...all) {
    find("json-errors").replaceChildren(...all.map((words) => h("p", { class: "field-error" }, words)));
  }

  async function use() {
    if (field.value.length > config.limits.characters) return errors(WORDS.tooLong);
    let given;
    try {
      given = JSON.parse(field.value);
    } catch (error) {
      return errors(WORDS.notJson(error.message));
    }
    try {
      const answer = await look.question(given, false);
      open(false);
      taken(answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const told = error.answer.errors ?? [];
      errors(...(told.length ? told.map((one) => `${one.pointer || "/"}: ${one.detail}`) : [error.status ? error.message : WORDS.noAnswer]));
    }
  }

  function toggle() {
    if (isOpen()) return close();
    write();
    open(true);
  }

  function close() {
    write(); // what was not taken over is not sent either
    open(false);
    redraw();
    find("json").focus();
  }

  find("json").addEventListener("click", toggle);
  find("apply").addEventListener("click", use);
  find("close").addEventListener("click", close);
  return { isOpen, open, errors };
}
