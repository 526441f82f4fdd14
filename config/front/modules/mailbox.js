// The mailbox by keyboard: j opens the next mail, k the one before. An opened mail takes the focus, so that the list
// goes on showing what comes.
const typing = "input, textarea, select, [contenteditable], dialog[open] *";

document.addEventListener("keydown", (event) => {
  const list = document.querySelector("[data-mails]");
  if (!list || !"jk".includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(typing)) return;
  const links = [...list.querySelectorAll("a")];
  const here = links.findIndex((link) => link.getAttribute("aria-current"));
  const next = links[event.key === "j" ? here + 1 : Math.max(here, 1) - 1];
  next?.click();
  next?.scrollIntoView({ block: "nearest" });
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "mailbox") event.target.querySelector("[data-mail-title]")?.focus({ preventScroll: true });
});
