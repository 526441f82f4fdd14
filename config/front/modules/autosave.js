// <form data-autosave hx-post hx-trigger="change delay:600ms, save"> with <span data-save-state>: saved as one goes.
// Says "Saving …", and when the server did not get it. What is not saved yet asks before one leaves.
const WORDS = { saving: "Saving …", failed: "Not saved: no answer from the server. It is tried again with your next change." };
const unsaved = new Set();

const formOf = (event) => event.target.closest?.("form[data-autosave]");
const say = (form, word) => {
  const place = form.querySelector("[data-save-state]");
  if (place) place.textContent = WORDS[word];
};

document.addEventListener("input", (event) => {
  const form = formOf(event);
  if (form) unsaved.add(form);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = formOf(event);
  if (form) say(form, "saving");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = formOf(event);
  if (form && event.detail.successful) unsaved.delete(form);
});
document.addEventListener("htmx:sendError", (event) => formOf(event) && say(formOf(event), "failed"));
// On the way to the sign-in: what was typed is kept (keeping.js), so nobody needs to be asked.
document.addEventListener("htmx:beforeSwap", ({ detail }) => detail.xhr.getResponseHeader("X-Sign-In") && unsaved.clear());
document.addEventListener("submit", (event) => unsaved.delete(event.target));
addEventListener("beforeunload", (event) => {
  for (const form of unsaved) if (form.isConnected) event.preventDefault();
});
