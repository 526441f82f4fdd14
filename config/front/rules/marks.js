// What is wrong, told at the condition and the part of it that it is about.

/** `told`: words by the JSON pointer they are about. What was marked before and is not told now is cleared. */
export function paintMarks(place, told) {
  place.querySelectorAll("[data-mark]").forEach((mark) => Object.assign(mark, { hidden: true, textContent: "" }));
  place.querySelectorAll("[aria-invalid]").forEach((one) => (one.removeAttribute("aria-invalid"), one.removeAttribute("aria-describedby")));
  for (const [pointer, words] of told) markAt(place, pointer, words);
}

function markAt(place, pointer, words) {
  const row = nearest(place, pointer);
  const mark = row.querySelector(":scope > [data-mark]");
  mark.hidden = false;
  mark.id ||= `mark${row.dataset.pointer.replaceAll("/", "-")}`;
  mark.textContent = [mark.textContent, sentenceOf(words)].filter(Boolean).join(" ");
  const part = pointer.slice(row.dataset.pointer.length).split("/")[1];
  const named = { value: "value", field: "field", operator: "operator" }[part];
  const field = exactly(row, pointer) ?? (named && row.querySelector(`[data-part="${named}"]`)) ?? row.querySelector('[data-part="value"], [data-part]');
  field?.setAttribute("aria-invalid", "true");
  field?.setAttribute("aria-describedby", mark.id);
}

/** The field for just this part of a value, else for what it is in. */
function exactly(row, pointer) {
  for (const at of outwards(pointer.slice(row.dataset.pointer.length))) {
    const field = row.querySelector(`[data-at="${CSS.escape(at)}"]`);
    if (field) return field;
  }
  return null;
}

function nearest(place, pointer) {
  for (const at of outwards(pointer)) {
    const row = place.querySelector(`[data-pointer="${CSS.escape(at)}"]`);
    if (row) return row;
  }
  return place.querySelector('[data-pointer=""]');
}

/** A pointer, and each that it lies in, but the whole. */
function* outwards(pointer) {
  for (let at = pointer; at; at = at.slice(0, at.lastIndexOf("/"))) yield at;
}

const sentenceOf = (words) => words.charAt(0).toUpperCase() + words.slice(1) + (/[.?)]$/.test(words) ? "" : ".");
