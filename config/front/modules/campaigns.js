// The builder of campaigns: finding among what can be ticked, errors that came after a field, one's own time zone.
import { on, onEnhance } from "./enhance.js";

on("input", "[data-pick-words]", (field, event) => {
  event.stopPropagation(); // it is no part of the plan
  const words = field.value.toLocaleLowerCase();
  for (const label of field.closest("[data-pick]").querySelectorAll(".pick-list label")) {
    label.hidden = !label.textContent.toLocaleLowerCase().includes(words);
  }
});

// what is wrong with a field is read with it
function mark(place) {
  const field = document.getElementById(place.dataset.wrongOf);
  if (!field) return;
  const wrong = place.childElementCount > 0;
  if (wrong) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  const help = document.getElementById(`${field.id}_helptext`);
  const ids = [help?.id, wrong ? place.id : null].filter(Boolean).join(" ");
  if (ids) field.setAttribute("aria-describedby", ids);
  else field.removeAttribute("aria-describedby");
}

function markAll(root) {
  root.querySelectorAll("[data-wrong-of]").forEach(mark);
}

onEnhance(markAll);
document.addEventListener("htmx:oobAfterSwap", () => markAll(document));

// "At a time": in one's own zone unless one says otherwise
on("change", "[data-when] input[name=when]", () => {
  const zone = document.getElementById("id_scheduled_zone");
  const own = document.querySelector("[data-own-zone]");
  if (zone && !zone.value && own) zone.value = own.dataset.ownZone;
});
