// Lists: a click anywhere in a row opens it, ticks are counted in the bar of what can be done to them.
import { on, onEnhance } from "./enhance.js";

on("click", "tr[data-row]", (row, event) => {
  if (event.target.closest("a, button, input, label, summary, [data-no-open]") || getSelection().toString()) return;
  const link = row.querySelector("a[data-open]");
  if (!link) return;
  if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
  else link.click();
});

function count(form) {
  const boxes = [...form.querySelectorAll("[data-tick]")];
  const ticked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-tick-all]");
  if (all) Object.assign(all, { checked: ticked > 0 && ticked === boxes.length, indeterminate: ticked > 0 && ticked < boxes.length });
  const everything = form.querySelector("[data-everything]");
  const total = everything?.checked ? Number(everything.value) : ticked;
  const bar = form.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = ticked === 0;
  const about = everything?.checked ? everything.dataset.everything : ""; // "more than", where nobody has counted
  const shown = about + (about && " ") + new Intl.NumberFormat(document.documentElement.lang).format(total);
  form.querySelectorAll("[data-ticked]").forEach((place) => (place.textContent = shown));
}

on("change", "[data-bulk]", (form, event) => {
  if (event.target.matches("[data-tick-all]")) {
    form.querySelectorAll("[data-tick]").forEach((box) => (box.checked = event.target.checked));
  }
  count(form);
});
onEnhance((root) => root.querySelectorAll("[data-bulk]").forEach(count));
// a choice in a filter is applied at once
on("change", "[data-submit-on-change]", (field) => field.form.requestSubmit());
