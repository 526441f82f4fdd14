// The search over everything: / or Ctrl-K opens it, arrows choose, Enter goes there.
const dialog = document.getElementById("search");
const field = dialog?.querySelector("input");
const typing = (element) => element.closest("input, textarea, select, [contenteditable=true], .cm-editor");
const hits = () => [...dialog.querySelectorAll("[role=option]")];

function choose(next) {
  for (const hit of hits()) hit.setAttribute("aria-selected", String(hit === next));
  next?.scrollIntoView({ block: "nearest" });
  if (next) field.setAttribute("aria-activedescendant", next.id);
  else field.removeAttribute("aria-activedescendant");
}

function open() {
  if (!dialog.open) dialog.showModal();
  field.select();
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing(event.target));
    if (!wanted || document.querySelector("dialog[open]:not(#search)")) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => event.target.closest("[data-search-open]") && (event.preventDefault(), open()));
  field.addEventListener("keydown", (event) => {
    const all = hits();
    const at = all.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(at - 1 + all.length) % all.length]);
    else if (event.key === "Enter") (all[at] ?? all[0])?.click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("htmx:afterSwap", () => choose(hits()[0]));
}
