// <div data-poll="2000" hx-get="…" hx-trigger="poll" hx-swap="morph:outerHTML">: refreshed every 2 s while it is on a
// page that is looked at. A piece that comes back without data-poll has finished.
import htmx from "htmx.org";
import { onEnhance } from "./enhance.js";

const timers = new WeakMap();

function start(element) {
  if (timers.has(element)) return;
  const tick = () => {
    const stopped = !element.isConnected || !element.dataset.poll;
    if (stopped) return clearInterval(timers.get(element)) || timers.delete(element);
    // not under somebody's hands: an open menu or a field in use would jump
    if (!document.hidden && !element.querySelector("dialog[open], .dropdown-menu.show, :focus-within")) htmx.trigger(element, "poll");
  };
  timers.set(element, setInterval(tick, Number(element.dataset.poll)));
}

onEnhance((root) => {
  if (root.matches?.("[data-poll]")) start(root);
  root.querySelectorAll("[data-poll]").forEach(start);
});
