// What every page loads. A page says what it wants by data- attributes (README.md beside this); parts that are
// large are loaded when a page has them.
import htmx from "htmx.org";
import "./modules/htmx-global.js";
import "./modules/morphing.js";
import "bootstrap/js/dist/dropdown";
import { enhance, onEnhance } from "./modules/enhance.js";
import "./modules/autosave.js";
import "./modules/campaigns.js";
import "./modules/confirm.js";
import "./modules/copy.js";
import "./modules/csrf.js";
import "./modules/dropping.js";
import "./modules/frames.js";
import "./modules/keeping.js";
import "./modules/lists.js";
import "./modules/mailbox.js";
import "./modules/polling.js";
import "./modules/rail.js";
import "./modules/rule-plan.js";
import "./modules/search.js";
import "./modules/times.js";
import "./modules/toasts.js";
import "./modules/uploads.js";

const LATER = {
  "[data-chart]": () => import("./charts/chart.js"),
  "[data-editor]": () => import("./editor/editor.js"),
  "[data-rules]": () => import("./rules/builder.js"),
};

onEnhance(async (root) => {
  for (const [selector, load] of Object.entries(LATER)) {
    const found = [...root.querySelectorAll(selector)];
    if (found.length) (await load()).mount(found);
  }
});

document.body.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => enhance(document));
else enhance(document);
export { htmx };
