// A source in CodeMirror. It lives in a shadow root, where its styles are sheets of the document's own making: the
// policy of our pages allows no <style>.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, redo, undo } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, openSearchPanel, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";
import { completions, liquidMarks } from "./liquid.js";

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--tblr-body-color)", backgroundColor: "var(--tblr-bg-surface)", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--tblr-font-monospace)", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { caretColor: "var(--tblr-body-color)", padding: "10px 0" },
  ".cm-cursor": { borderLeftColor: "var(--tblr-body-color)" },
  ".cm-gutters": { backgroundColor: "var(--tblr-bg-surface)", color: "var(--tblr-tertiary-color)", border: "0", paddingRight: "4px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--tblr-primary) 24%, transparent) !important" },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--tblr-primary) 14%, transparent)" },
  ".cm-liquid": { color: "var(--unknown)", backgroundColor: "var(--unknown-bg)", borderRadius: "3px", fontWeight: "550" },
  ".cm-liquid span": { color: "inherit !important" },
  ".cm-tooltip": { border: "1px solid var(--tblr-border-color)", borderRadius: "8px", backgroundColor: "var(--tblr-bg-surface)", color: "var(--tblr-body-color)", overflow: "hidden", boxShadow: "0 8px 28px rgba(10, 16, 30, .16)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--rail-here)", color: "var(--accent-ink)" },
  ".cm-tooltip-autocomplete ul": { fontFamily: "var(--tblr-font-monospace)" },
  ".cm-completionDetail": { color: "var(--tblr-secondary)", fontStyle: "normal" },
  ".cm-diagnostic": { padding: "6px 10px", maxWidth: "32rem", fontFamily: "var(--tblr-font-sans-serif)" },
  ".cm-panels": { backgroundColor: "var(--tblr-bg-surface-secondary)", color: "var(--tblr-body-color)" },
  ".cm-panel input, .cm-panel button": { font: "inherit", color: "inherit", backgroundColor: "var(--tblr-bg-surface)", backgroundImage: "none", border: "1px solid var(--tblr-border-color)", borderRadius: "6px", padding: "2px 8px" },
});
const colours = HighlightStyle.define([
  { tag: [t.tagName, t.angleBracket], color: "var(--scheduled)" },
  { tag: t.attributeName, color: "var(--held)" },
  { tag: [t.attributeValue, t.string], color: "var(--active)" },
  { tag: t.comment, color: "var(--tblr-secondary)", fontStyle: "italic" },
  { tag: [t.keyword, t.propertyName], color: "var(--unknown)" },
]);

/** A code field in `host`. `changed(text)` is called after each change of the author's, never for those of `show`. */
export function makeCode(host, { label, language, readOnly, vocabulary, changed, save }) {
  const shadow = host.attachShadow({ mode: "open" });
  // what is typed here is text: outside of the shadow root it would look like a key pressed on the page, such as /
  host.addEventListener("keydown", (event) => event.ctrlKey || event.metaKey || event.stopPropagation());
  let silent = false;
  const state = (doc) => EditorState.create({
    doc,
    extensions: [
      lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), lintGutter(),
      highlightActiveLine(), highlightActiveLineGutter(), highlightSelectionMatches(), indentUnit.of("  "),
      autocompletion({ override: [completions(vocabulary)], icons: false }),
      keymap.of([
        { key: "Mod-s", preventDefault: true, run: () => (save(), true) },
        ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab,
      ]),
      language === "text" ? [] : html({ matchClosingTags: false, selfClosingTags: true }),
      syntaxHighlighting(colours), liquidMarks, look, EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: language === "text" ? "true" : "false" }),
      EditorState.readOnly.of(readOnly),
      EditorView.updateListener.of((update) => update.docChanged && !silent && changed(update.state.doc.toString())),
    ],
  });
  const view = new EditorView({ root: shadow, parent: shadow, state: state("") });
  return {
    view,
    /** Another text, with a history of its own: what is undone is of this text. */
    show(text) {
      silent = true;
      view.setState(state(text));
      silent = false;
    },
    /** The same text, changed by a machine: it can be undone. */
    change(text) {
      const now = view.state.doc.toString();
      let from = 0;
      while (from < Math.min(now.length, text.length) && now[from] === text[from]) from += 1;
      let end = 0;
      while (end < Math.min(now.length, text.length) - from && now[now.length - 1 - end] === text[text.length - 1 - end]) end += 1;
      view.dispatch({ changes: { from, to: now.length - end, insert: text.slice(from, text.length - end) }, scrollIntoView: true });
    },
    insert(text) {
      view.dispatch(view.state.replaceSelection(text), { scrollIntoView: true });
      view.focus();
    },
    told(findings) {
      view.dispatch(setDiagnostics(view.state, findings.filter((one) => one.line && one.line <= view.state.doc.lines).map((one) => place(view.state.doc, one))));
    },
    go(line, column) {
      if (line > view.state.doc.lines) return;
      const at = view.state.doc.line(line);
      const anchor = Math.min(at.from + (column ?? 1) - 1, at.to);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },
    undo: () => undo(view),
    redo: () => redo(view),
    search: () => openSearchPanel(view),
  };
}

function place(doc, finding) {
  const line = doc.line(finding.line);
  const from = Math.min(line.from + (finding.column ?? 1) - 1, line.to);
  const word = /^(?:[\w.-]+|<[\w-]+|\{[{%][^}]*[}%]\})/.exec(doc.sliceString(from, line.to));
  const to = Math.min(from + (word?.[0].length ?? 1), line.to);
  return { from, to: Math.max(from, to), severity: finding.level, message: `${finding.message}. ${finding.fix}.` };
}
