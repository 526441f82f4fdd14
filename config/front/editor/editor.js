// The editor of message templates: sources beside what they become, for whom, and what is to be mended.
import { toast } from "../modules/toasts.js";
import { call, later } from "./calls.js";
import { makeCode } from "./code.js";
import { makeFindings } from "./findings.js";
import { makeKeep } from "./keep.js";
import { makePreview } from "./preview.js";
import { makeSettings } from "./settings.js";
import { makeTabs } from "./tabs.js";

export function mount(elements) {
  for (const element of elements) if (!element.dataset.mounted) begin(element);
}

function begin(root) {
  root.dataset.mounted = "yes";
  const config = JSON.parse(root.querySelector("#editor-config").textContent);
  const find = (selector) => document.querySelector(selector);
  const work = config.work;
  let current = 0;
  const content = () => work.contents[current];

  // What is said of the whole

  const told = find("[data-told]");
  function tell(text, actions = [], level = "warning") {
    told.hidden = !text;
    told.className = `note note-${level} mb-3`;
    told.querySelector("p").textContent = text;
    told.querySelector(".note-actions").replaceChildren(...actions.map(([words, act]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-secondary-quiet";
      button.textContent = words;
      button.addEventListener("click", act);
      return button;
    }));
  }
  const state = (text, draft) => {
    find("[data-kept]").textContent = text;
    if (draft) find("[data-undo-all]").hidden = false;
  };
  if (config.revision) state("You are looking at your draft", true);

  // The parts

  const keep = makeKeep({ config, work: () => work, tell, state });
  const preview = makePreview({ root, config, work: () => work, language: () => content().language });
  const findings = makeFindings({ root, config, work: () => work, go, mended, tell });
  const look = later(() => { preview.refresh(); findings.refresh(); }, 500);
  const changed = () => { keep.changed(); look(); };
  const code = (name, label, language) => makeCode(root.querySelector(`[data-code=${name}]`), {
    label, language, readOnly: !config.writes, vocabulary: config.words, save: askToSave,
    changed: (text) => { content()[name] = text; changed(); },
  });
  const codes = { body: code("body", "Source of the message", "html"), text: code("text", "Plain text part", "text") };
  root.addEventListener("told", ({ detail }) => {
    for (const name of ["body", "text"]) codes[name].told(detail.filter((one) => one.content === current && one.part === name && !one.block));
  });
  const settings = makeSettings({ root, config, work, changed, tags: () => findings.tags() });
  const languages = makeTabs(root.querySelector("[data-languages]"), (index) => choose(Number(index)));
  const parts = makeTabs(root.querySelector("[data-parts]"), showPart);
  let other = null;

  function choose(index) {
    current = index;
    const now = content();
    for (const field of root.querySelectorAll("[data-field]")) show(field, now[field.dataset.field]);
    codes.body.show(now.body);
    codes.text.show(now.text);
    root.querySelector("[data-part=body]").textContent = now.format === "mjml" ? "MJML" : now.format.toUpperCase();
    beside();
    findings.draw();
    preview.refresh();
  }

  function drawLanguages() {
    languages.draw(work.contents.map((one, index) => [String(index), one.language + (one.language === work.default_language && work.contents.length > 1 ? " ·" : "")]), String(current));
    root.querySelector("[data-beside-label]").hidden = work.contents.length < 2;
    settings.draw();
  }

  function showPart(name) {
    for (const panel of root.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== name;
    if (name === "settings") settings.draw();
    codes[name]?.view.requestMeasure();
  }

  /** The default language, or the next one, to read while one writes. */
  function beside() {
    const on = root.querySelector("[data-beside]").checked && work.contents.length > 1;
    const place = root.querySelector("[data-other]");
    place.hidden = !on;
    place.parentElement.classList.toggle("is-beside", on);
    if (!on) return;
    other ??= makeCode(place, { label: "The other language", language: "html", readOnly: true, vocabulary: config.words, save: () => {}, changed: () => {} });
    const index = work.contents.findIndex((one, number) => number !== current && (one.language === work.default_language || current === 0));
    other.show(work.contents[index < 0 ? 0 : index].body);
  }

  // Fields

  function show(field, value) {
    field.value = value;
    const count = root.querySelector(`[data-count=${field.dataset.field}]`);
    if (count) count.textContent = value.length ? `${value.length}` : "";
  }
  for (const field of root.querySelectorAll("[data-field]")) {
    field.readOnly = !config.writes;
    field.addEventListener("input", () => {
      content()[field.dataset.field] = field.value;
      show(field, field.value);
      changed();
    });
  }

  // Findings

  function go(finding) {
    if (finding.content !== current) {
      choose(finding.content);
      drawLanguages();
    }
    if (finding.part === "subject" || finding.part === "preheader") return root.querySelector(`[data-field=${finding.part}]`).focus();
    parts.choose(finding.part);
    codes[finding.part]?.go(finding.line ?? 1, finding.column);
  }

  function mended(index, made) {
    work.contents[index] = made;
    if (index !== current) {
      current = index;
      drawLanguages();
    }
    for (const field of root.querySelectorAll("[data-field]")) show(field, made[field.dataset.field]);
    for (const name of ["body", "text"]) codes[name].change(made[name]);
    keep.changed();
    return Promise.all([preview.refresh(), findings.refresh()]);
  }

  // Saving

  const dialog = find("#save-version");
  function askToSave() {
    if (!config.writes || !dialog) return;
    find("[data-save-sum]").textContent = findings.sum();
    dialog.showModal();
    find("[data-note]").focus();
  }
  find("[data-save]")?.addEventListener("click", askToSave);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") {
      event.preventDefault();
      askToSave();
    }
  });
  find("[data-save-form]")?.addEventListener("submit", () => save());

  async function save() {
    try {
      const made = await call(config.urls.save, { work, base: config.base, note: find("[data-note]").value });
      config.base = made.version;
      keep.saved();
      find("[data-note]").value = "";
      find("[data-undo-all]").hidden = true;
      tell("");
      state("");
      toast(`Version ${made.version} is saved.`);
    } catch (error) {
      if (error.answer?.code === "template_version_conflict") return conflict(error);
      if (error.status === 401 || error.status === 403) await keep.send();
      tell(error.answer?.errors?.length ? `It cannot be saved yet: ${error.answer.errors[0].detail}` : error.message, [], "error");
      findings.refresh();
    }
  }

  function conflict(error) {
    const { current: now } = error.answer;
    tell(`${error.message} Nothing was overwritten, and yours is still here.`, [
      ["See what changed", () => window.open(`${config.urls.history}?old=${config.base}&new=${now}`, "_blank", "noopener")],
      [`Save mine as version ${now + 1}`, () => { config.base = now; save(); }],
    ]);
  }

  find("[data-undo-all]")?.addEventListener("click", async () => {
    await call(config.urls.discard, {});
    keep.forget();
    location.reload();
  });
  addEventListener("beforeunload", (event) => keep.pending() && event.preventDefault());

  // Tools

  for (const button of root.querySelectorAll("[data-command]")) {
    button.addEventListener("click", () => {
      const name = parts.chosen() === "text" ? "text" : "body";
      codes[name][button.dataset.command]();
      if (button.dataset.command !== "search") codes[name].view.focus();
    });
  }
  find("[data-language-form]")?.addEventListener("submit", () => {
    const field = find("#language-code");
    const language = field.value.trim();
    if (work.contents.some((one) => one.language.toLowerCase() === language.toLowerCase())) return toast(`There is a text in ${language} already.`, "warning");
    work.contents.push({ ...content(), language });
    field.value = "";
    current = work.contents.length - 1;
    choose(current);
    drawLanguages();
    changed();
  });
  root.querySelector("[data-beside]").addEventListener("change", beside);
  find("[data-image]")?.addEventListener("click", () => chooseImage());

  async function chooseImage() {
    const { images } = await call(config.urls.images);
    const place = find("[data-image-choice]");
    place.replaceChildren(...images.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      const picture = Object.assign(document.createElement("img"), { src: one.small, alt: one.alt });
      const name = Object.assign(document.createElement("span"), { textContent: one.name });
      button.append(picture, name);
      button.addEventListener("click", () => {
        find("#images").close();
        parts.choose("body");
        const alt = one.alt.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
        const tag = content().format === "mjml" ? "mj-image" : "img";
        codes.body.insert(`<${tag} src="${one.src}" alt="${alt}" width="${one.width}${tag === "img" ? "" : "px"}" />`);
      });
      return button;
    }));
    if (!images.length) place.textContent = "There are no images yet.";
    find("#images").showModal();
  }

  find("[data-trial-form]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    findings.trial(find("#trial-audience").value, find("[data-trial-found]"));
  });

  // Begin

  drawLanguages();
  choose(0);
  findings.refresh();
  const left = config.writes ? keep.left() : null;
  if (left && JSON.stringify(left.work) !== JSON.stringify(work)) {
    tell("Something you typed before could not be sent. It is kept in this browser.", [
      ["Bring it back", () => { Object.assign(work, left.work); current = 0; tell(""); drawLanguages(); choose(0); changed(); }],
      ["Forget it", () => { keep.forget(); tell(""); }],
    ]);
  }
}
