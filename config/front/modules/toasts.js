// What was done, in a corner that is read aloud. Those with an undo stay for the ten seconds in which it can be taken
// back; errors stay until they are closed. The server adds one by the header HX-Trigger: {"toast": {text, level}}.
import { on, onEnhance } from "./enhance.js";

const STAYS_MS = { success: 6000, info: 6000, warning: 10000 };

export function toast(text, level = "success") {
  const place = document.getElementById("toasts");
  const made = document.getElementById("toast-template").content.cloneNode(true).firstElementChild;
  made.dataset.level = level;
  made.querySelector("[data-text]").textContent = text;
  place.append(made);
  leaveInTime(made);
}

function leaveInTime(element) {
  const stays = element.dataset.stays ? Number(element.dataset.stays) : STAYS_MS[element.dataset.level];
  if (!stays || element.dataset.leaving) return;
  element.dataset.leaving = "yes";
  let left = stays / 1000;
  const timer = setInterval(() => {
    // time stands still while somebody reads it
    if (element.matches(":hover, :focus-within") || document.hidden) return;
    left -= 1;
    const count = element.querySelector("[data-left]");
    if (count) count.textContent = String(left);
    if (left <= 0) clearInterval(timer) || element.remove();
  }, 1000);
}

onEnhance(() => document.querySelectorAll("#toasts > [data-level]").forEach(leaveInTime));
on("click", "#toasts [data-dismiss]", (button) => button.closest("[data-level]").remove());
document.body.addEventListener("toast", ({ detail }) => toast(detail.text ?? detail.value, detail.level));
