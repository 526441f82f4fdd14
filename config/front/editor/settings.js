// What is done for people without a value, and which language stands in for those we have no text for.
export function makeSettings({ root, config, work, changed, tags }) {
  const place = root.querySelector("[data-fallbacks]");
  const choice = root.querySelector("[data-default]");

  for (const one of root.querySelectorAll("[data-policy]")) {
    one.disabled = !config.writes;
    one.addEventListener("change", () => { work.missing_policy = one.value; draw(); changed(); });
  }
  choice.disabled = !config.writes;
  choice.addEventListener("change", () => { work.default_language = choice.value; changed(); });

  function draw() {
    for (const one of root.querySelectorAll("[data-policy]")) one.checked = one.value === work.missing_policy;
    choice.replaceChildren(...work.contents.map(({ language }) => Object.assign(document.createElement("option"), { value: language, textContent: language })));
    choice.value = work.default_language;
    const names = [...new Set([...tags(), ...Object.keys(work.fallbacks)])].sort();
    place.replaceChildren(...names.map(field));
    if (!names.length) place.textContent = "No merge tags of people are used.";
  }

  function field(name) {
    const row = document.createElement("label");
    row.className = "fallback";
    row.append(Object.assign(document.createElement("code"), { textContent: name }));
    const input = Object.assign(document.createElement("input"), { className: "form-control form-control-sm", value: work.fallbacks[name] ?? "", maxLength: 200, disabled: !config.writes });
    input.addEventListener("input", () => {
      if (input.value) work.fallbacks[name] = input.value;
      else delete work.fallbacks[name];
      changed();
    });
    row.append(input);
    return row;
  }

  return { draw };
}
