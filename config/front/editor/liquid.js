// Liquid in a source: marked as such wherever it stands, and completed by what this deployment knows.
import { Decoration, MatchDecorator, ViewPlugin } from "@codemirror/view";

const marker = new MatchDecorator({
  regexp: /\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}/g,
  decoration: Decoration.mark({ class: "cm-liquid" }),
});
export const liquidMarks = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.marks = marker.createDeco(view);
    }
    update(update) {
      this.marks = marker.updateDeco(update, this.marks);
    }
  },
  { decorations: (plugin) => plugin.marks },
);

const option = (label, detail, apply) => ({ label, detail, apply });
const VALUES = { "<": 1, "{": 1 };

/** What completes at a place: names after {{, filters after |, tags after {%, blocks after render, components after <. */
export function completions({ fields, ours, filters, tags, blocks, components }) {
  const names = [...Object.entries(fields).map(([name, kind]) => option(name, kind)), ...ours.map((name) => option(name, "ours"))];
  const choices = [
    [/\{%-?\s*render\s+['"][^'"%]*$/, /[^'"]*$/, blocks.map((name) => option(name, "shared block"))],
    [/\{\{[^{}]*\|\s*\w*$/, /\w*$/, filters.map((name) => option(name, "filter"))],
    [/\{\{-?\s*[\w.]*$/, /[\w.]*$/, names],
    [/\{%-?\s*\w*$/, /\w*$/, [...tags, "render"].map((name) => option(name, "tag"))],
    [/\{%-?\s*(?:if|unless|elsif|case|for \w+ in|assign \w+ =)\s+[\w.]*$/, /[\w.]*$/, names],
    [/<[\w-]*$/, /[\w-]*$/, Object.keys(components).map((name) => option(name, components[name].holds === "none" ? "component, holds nothing" : "component", shape(name, components[name])))],
  ];
  return (context) => {
    const before = context.state.sliceDoc(Math.max(0, context.pos - 400), context.pos);
    for (const [where, word, options] of choices) {
      if (where.test(before)) return { from: context.pos - word.exec(before)[0].length, options, validFor: /^[\w.-]*$/ };
    }
    const tag = /<(mj[\w-]*)(?:\s+[\w-]+="[^"]*")*\s+([\w-]*)$/.exec(before);
    if (!tag || !components[tag[1]]) return context.explicit && !VALUES[before.at(-1)] ? { from: context.pos, options: names.map((one) => ({ ...one, apply: `{{ ${one.label} }}` })) } : null;
    const attributes = components[tag[1]].attributes.map((name) => ({ label: name, type: "property", apply: filled(name) }));
    return { from: context.pos - tag[2].length, options: attributes, validFor: /^[\w-]*$/ };
  };
}

const put = (view, from, to, text, cursor) => view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + cursor } });
const filled = (name) => (view, _option, from, to) => put(view, from, to, `${name}=""`, name.length + 2);

function shape(name, { holds }) {
  return (view, _option, from, to) =>
    holds === "none" ? put(view, from, to, `${name} />`, name.length + 1) : put(view, from, to, `${name}></${name}>`, name.length + 1);
}
