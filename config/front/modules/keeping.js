// What was typed survives a session that ended meanwhile: kept in this tab when a form is sent, put back after the
// sign-in that came between. Passwords and files are never kept.
import { toast } from "./toasts.js";

const KEY = "kept-form";
const MOST = 1_500_000; // browsers give a page some 5 MB
const skipped = (name, value) => name === "csrfmiddlewaretoken" || value instanceof File;

function keep(form, at) {
  if (form.querySelector("input[type=password]") || form.method !== "post" || form.dataset.keep === "no") return;
  const fields = [...new FormData(form)].filter(([name, value]) => !skipped(name, value));
  const text = JSON.stringify({ page: at, action: form.getAttribute("action") ?? "", fields });
  try {
    if (text.length < MOST) sessionStorage.setItem(KEY, text);
  } catch {
    /* storage is full or off: the form is sent all the same */
  }
}

function put(form, fields) {
  const rest = new Map();
  for (const [name, value] of fields) rest.set(name, [...(rest.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.name === "csrfmiddlewaretoken") continue;
    const values = rest.get(field.name) ?? [];
    if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
    else if (field.type === "select-multiple") for (const one of field.options) one.selected = values.includes(one.value);
    else if (field.type !== "file" && values.length) field.value = values.shift();
  }
}

function bringBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!kept?.due || document.body.dataset.page === "sign-in" || kept.page !== location.pathname) return;
  const forms = [...document.querySelectorAll("form[method=post]")];
  const form = forms.find((one) => (one.getAttribute("action") ?? "") === kept.action && one.elements.length > 1);
  if (!form) return; // a page between, at the same address
  sessionStorage.removeItem(KEY);
  put(form, kept.fields);
  if ("autosave" in form.dataset) saved(form);
  else toast("You had been signed out. What you had typed is here again: look it over and send it.", "warning");
}

/** Saved as one goes: also what came back, once htmx listens. */
function saved(form) {
  document.addEventListener("DOMContentLoaded", () => form.dispatchEvent(new Event("change", { bubbles: true })));
  toast("You had been signed out. What you had changed is here again.", "warning");
}

function markDue() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (kept) sessionStorage.setItem(KEY, JSON.stringify({ ...kept, due: true }));
}

// A form that the server would not take is not sent at all: what was typed stays where it is. Files have limits of their own.
const TAKEN = Number(document.body.dataset.formBytes) || Infinity;
const size = (pairs) => new URLSearchParams(pairs.filter(([, value]) => !(value instanceof File))).toString().length;

function tooLarge(pairs) {
  const bytes = size([...pairs]);
  if (bytes <= TAKEN) return false;
  const mega = (number) => (number / 1048576).toFixed(1);
  toast(`This is ${mega(bytes)} MB, and a form may hold ${mega(TAKEN)} MB. Nothing was sent or lost: make it shorter.`, "error");
  return true;
}

document.addEventListener("submit", (event) => {
  if (event.target.method === "post" && tooLarge(new FormData(event.target))) event.preventDefault(), event.stopImmediatePropagation();
}, true);
document.addEventListener("htmx:confirm", (event) => {
  const form = event.detail.elt.closest("form");
  if (event.detail.verb !== "get" && form && tooLarge(new FormData(form))) event.preventDefault();
});

document.addEventListener("submit", (event) => keep(event.target, location.pathname));
// An answer to htmx that one is signed out: what its form holds is kept, then the sign-in page comes, and leads back.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const to = detail.xhr.getResponseHeader("X-Sign-In");
  if (!to) return;
  Object.assign(detail, { shouldSwap: false, isError: false });
  const form = detail.requestConfig.elt.closest("form");
  if (form) keep(form, location.pathname);
  markDue();
  location.assign(`${to}?next=${encodeURIComponent(location.pathname + location.search)}`);
});
// Elsewhere signed in anew: this page's token is of the session before.
if (document.body.dataset.kept === "due") markDue();
bringBack();
