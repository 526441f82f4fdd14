// The message as somebody would get it, in a frame that can do nothing, at the width of a phone, a tablet or a desk.
import { call, later } from "./calls.js";

const SAMPLE = { sample: true };
const WIDTHS = { desktop: 760, tablet: 600, phone: 375 };

/** The frame at another address, without a step in the history of the page. */
function turn(frame, address) {
  frame.dataset.at = address;
  frame.contentWindow.location.replace(address);
}

export function makePreview({ root, config, work, language }) {
  const frame = root.querySelector("[data-frame]");
  const box = root.querySelector("[data-frame-box]");
  const failure = root.querySelector("[data-failure]");
  const text = root.querySelector("pre[data-shown=text]");
  const as = root.querySelector("[data-as]");
  const pressed = (name) => root.querySelector(`[data-look=${name}]`).getAttribute("aria-pressed") === "true";
  const people = new Map();
  let whom = SAMPLE;
  let address = "";
  let asking = null;

  async function refresh() {
    asking?.abort();
    asking = new AbortController();
    if (work().contents.some((one) => one.body.length > config.longest)) return fail(`This is longer than ${config.longest.toLocaleString()} characters. Make it shorter to see it.`);
    try {
      const made = await call(config.urls.look, { work: work(), ...whom, language: language() }, asking.signal);
      if (made.failure) return fail(made.failure);
      for (const name of ["subject", "preheader", "text"]) root.querySelector(`[data-shown=${name}]`).textContent = made[name];
      address = made.frame;
      fail("");
      draw();
    } catch (error) {
      if (error.name !== "AbortError") fail(error.status === 401 ? "You have been signed out." : error.message);
    }
  }

  function fail(words) {
    failure.hidden = !words;
    failure.textContent = words;
    box.classList.toggle("is-stale", Boolean(words));
  }

  function draw() {
    const asText = pressed("text") || !address;
    text.hidden = !asText;
    frame.hidden = asText;
    const wanted = `${address}?dark=${Number(pressed("dark"))}&images=${Number(!pressed("no-images"))}`;
    if (address && frame.dataset.at !== wanted) turn(frame, wanted);
  }

  /** As wide as the mail program would show it, made smaller where there is less room. */
  function fit() {
    const width = WIDTHS[root.querySelector("[data-width][aria-pressed=true]").dataset.width];
    const scale = Math.min(1, box.clientWidth / width);
    frame.style.width = `${width}px`;
    frame.style.height = `${box.clientHeight / scale}px`;
    frame.style.transform = `translateX(${(box.clientWidth - width * scale) / 2}px) scale(${scale})`;
  }
  new ResizeObserver(fit).observe(box);
  for (const button of root.querySelectorAll("[data-width]")) {
    button.addEventListener("click", () => {
      for (const one of root.querySelectorAll("[data-width]")) one.setAttribute("aria-pressed", String(one === button));
      fit();
    });
  }
  for (const button of root.querySelectorAll("[data-look]")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      draw();
    });
  }

  const search = later(async () => {
    const { people: found } = await call(config.urls.people, { q: as.value }).catch(() => ({ people: [] }));
    const list = root.querySelector("[data-people]");
    people.clear();
    for (const one of found) people.set(one.email, one.id);
    list.replaceChildren(...[["Nobody known", "nothing is known of them"], ...found.map((one) => [one.email, one.name])].map(([value, label]) => Object.assign(document.createElement("option"), { value, label })));
    take();
  }, 250);

  function take() {
    const given = as.value.trim();
    const next = !given ? SAMPLE : given === "Nobody known" ? {} : people.has(given) ? { contact: people.get(given) } : whom;
    if (JSON.stringify(next) === JSON.stringify(whom)) return;
    whom = next;
    refresh();
  }
  as.addEventListener("input", () => { take(); search(); });

  return { refresh };
}
