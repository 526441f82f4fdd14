// Light or dark before the first paint: what was chosen here, else what the machine says.
const dark = matchMedia("(prefers-color-scheme: dark)");
const chosen = () => {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage is off
  }
};
const show = () => document.documentElement.setAttribute("data-bs-theme", chosen() ?? (dark.matches ? "dark" : "light"));
const tell = () => document.dispatchEvent(new CustomEvent("theme:changed"));
show();
dark.addEventListener("change", () => (show(), tell()));
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-theme-toggle]")) return;
  const next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", next);
  } catch {
    /* only for this page then */
  }
  document.documentElement.setAttribute("data-bs-theme", next);
  tell();
});
