// Tabs by arrow keys as well: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
export function makeTabs(list, chosen) {
  const tabs = () => [...list.querySelectorAll("[role=tab]")];
  const name = (tab) => tab.dataset.part ?? tab.dataset.tab;

  function choose(wanted, focus) {
    for (const tab of tabs()) {
      const here = name(tab) === wanted;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      if (here && focus) tab.focus();
    }
    chosen(wanted);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(name(tab));
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = tabs();
    const at = all.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    choose(name(all[(at + step + all.length) % all.length]), true);
  });
  return {
    choose,
    chosen: () => name(tabs().find((tab) => tab.getAttribute("aria-selected") === "true")),
    draw(items, here) {
      list.replaceChildren(...items.map(([key, words]) => {
        const tab = document.createElement("button");
        Object.assign(tab, { type: "button", textContent: words, tabIndex: key === here ? 0 : -1 });
        tab.dataset.tab = key;
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-selected", String(key === here));
        return tab;
      }));
    },
  };
}
