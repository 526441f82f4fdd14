// What a rule costs, asked of the server whenever the builder has looked at a rule that is whole.
import htmx from "htmx.org";

document.addEventListener("rules:looked", ({ detail }) => {
  const panel = document.querySelector("[data-rule-plan]");
  if (panel) htmx.ajax("POST", panel.dataset.rulePlan, { target: panel, swap: "outerHTML", values: { rule: JSON.stringify(detail) } });
});
