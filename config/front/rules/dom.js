// Elements in a line, and the popups that all of the builder shares.
let sprite;

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((one) => one != null && one !== false));
  return element;
}

export function icon(name) {
  sprite ??= document.querySelector("use")?.getAttribute("href")?.split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

let number = 0;
export const newId = (word) => `rules-${word}-${(number += 1)}`;

export function select(choices, value, act, attributes = {}) {
  const made = h("select", { class: "form-select", ...attributes, onchange: () => act(made.value) });
  for (const [key, words] of choices) made.append(h("option", { value: key, selected: key === value }, words));
  return made;
}

/** A popup below (else above) what it belongs to, over everything; it goes when the page is scrolled under it. */
export function popUp(popup, anchor) {
  popup.setAttribute("popover", "manual");
  (anchor.closest("dialog") ?? document.querySelector("[data-rules]")).append(popup);
  popup.showPopover();
  const box = anchor.getBoundingClientRect();
  const { width, height } = popup.getBoundingClientRect();
  const below = box.bottom + height + 8 < innerHeight || box.top < height;
  popup.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
  popup.style.top = `${below ? box.bottom + 4 : box.top - height - 4}px`;
}

/** The menu of a button: by click, Enter or arrow keys; Escape leads back to the button. */
export function openMenu(button, items) {
  let open = true;
  const close = (back) => {
    if (!open) return;
    open = false; // taking it away moves the focus, which would close it once more
    removeEventListener("scroll", left, true);
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  };
  const left = () => close(false);
  const menu = h("div", { class: "rules-menu", role: "menu", onfocusout: (event) => !menu.contains(event.relatedTarget) && close(false) });
  for (const [words, keys, act] of items) {
    menu.append(h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => (close(true), act()) }, words, keys && h("kbd", {}, keys)));
  }
  menu.addEventListener("keydown", (event) => {
    const all = [...menu.children];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) all.at((all.indexOf(document.activeElement) + by) % all.length).focus();
    else if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  popUp(menu, button);
  button.setAttribute("aria-expanded", "true");
  menu.firstElementChild.focus({ preventScroll: true });
  addEventListener("scroll", left, true);
}
