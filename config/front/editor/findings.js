// What is to be mended: on its line in the source, and in a list with a button for what a machine can do.
import { call } from "./calls.js";

export function makeFindings({ root, config, work, go, mended, tell }) {
  const list = root.querySelector("[data-findings]");
  const purpose = root.querySelector("[data-purpose]");
  const kept = `purpose:${config.template}`;
  let found = [];
  let asking = null;

  const asked = new URLSearchParams(location.search).get("purpose");
  purpose.value = asked ?? localStorage.getItem(kept) ?? "marketing";
  if (asked) localStorage.setItem(kept, asked);
  purpose.addEventListener("change", () => { localStorage.setItem(kept, purpose.value); refresh(); });

  async function refresh() {
    asking?.abort();
    asking = new AbortController();
    if (work().contents.some((one) => one.body.length > config.longest || one.text.length > config.longest)) {
      found = [{ level: "error", message: `This is too long: ${config.longest.toLocaleString()} characters may be`, fix: "Take out what does not belong here; it is saved again when it is shorter", part: "body", content: 0, remedy: "" }];
      return draw();
    }
    try {
      ({ findings: found } = await call(config.urls.lint, { work: work(), purpose: purpose.value }, asking.signal));
      draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      found = [{ level: "error", message: error.message.replace(/\.$/, ""), fix: "", part: "body", content: 0, remedy: "" }];
      draw();
    }
  }

  function draw() {
    const errors = found.filter((one) => one.level === "error").length;
    root.querySelector("[data-tally]").textContent = found.length ? `${errors} to mend, ${found.length - errors} to consider` : "";
    list.replaceChildren(...(found.length ? found.map(row) : [nothing()]));
    root.dispatchEvent(new CustomEvent("told", { detail: found }));
  }

  function nothing() {
    const item = document.createElement("li");
    item.className = "findings-none";
    item.textContent = "Nothing to mend.";
    return item;
  }

  function row(finding) {
    const item = document.createElement("li");
    item.className = `finding finding-${finding.level}`;
    const many = work().contents.length > 1 ? `${work().contents[finding.content].language}, ` : "";
    const where = finding.block ? `shared block ${finding.block}` : `${many}${finding.part}${finding.line ? `, line ${finding.line}` : ""}`;
    const place = button("finding-place", where, () => go(finding));
    place.disabled = Boolean(finding.block);
    const words = document.createElement("span");
    words.className = "finding-words";
    words.append(Object.assign(document.createElement("span"), { className: "finding-level", textContent: finding.level === "error" ? "Mend" : "Consider" }));
    words.append(` ${finding.message}. `, Object.assign(document.createElement("span"), { className: "soft", textContent: finding.fix ? `${finding.fix}.` : "" }));
    item.append(words, place);
    if (finding.remedy && config.writes) item.append(button("btn btn-sm btn-secondary-quiet", finding.remedy, (event) => mend(finding, event.target)));
    return item;
  }

  function button(className, words, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", className, textContent: words });
    made.addEventListener("click", act);
    return made;
  }

  async function mend(finding, pressed) {
    pressed.disabled = true;
    const at = [...list.querySelectorAll("button")].indexOf(pressed);
    try {
      const made = await call(config.urls.mend, { content: work().contents[finding.content], finding });
      await mended(finding.content, made.content);
      (list.querySelectorAll("button")[Math.min(at, list.querySelectorAll("button").length - 1)] ?? purpose).focus();
    } catch (error) {
      tell(error.message);
      pressed.disabled = false;
    }
  }

  async function trial(audience, place) {
    place.textContent = "Rendering …";
    try {
      const made = await call(config.urls.trial, { work: work(), audience });
      const lines = [
        `${made.people} people tried${made.skipped ? `, ${made.skipped} would be skipped for want of a value` : ""}.`,
        ...made.missing.map(([name, number]) => `${name}: no value for ${number} of ${made.people}.`),
        ...made.failed.map(([why, number]) => `${number} would fail: ${why}.`),
      ];
      if (!made.missing.length && !made.failed.length && made.people) lines.push("Nothing is missing for any of them.");
      place.replaceChildren(...lines.map((textContent) => Object.assign(document.createElement("p"), { textContent, className: "mb-1" })));
    } catch (error) {
      place.textContent = error.message;
    }
  }

  return {
    refresh, draw, trial,
    sum: () => {
      const errors = found.filter((one) => one.level === "error").length;
      return errors ? `${errors} ${errors === 1 ? "thing" : "things"} to mend before a campaign can be launched with it.` : "";
    },
    tags: () => [...new Set(work().contents.flatMap((one) => [...`${one.subject} ${one.body} ${one.text}`.matchAll(/\{\{-?\s*(?:contact\.)?(\w+)\s*(?=[|}-])/g)].map((match) => match[1])))].filter((name) => name in config.words.fields).sort(),
  };
}
