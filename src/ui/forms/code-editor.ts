/** CodeMirror in our colours; loaded when the first code field is shown. */
import { closeBrackets } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';

export type Language = 'code' | 'sql' | 'json' | 'expression';
export interface Mark {
  /** From 1. */
  line: number;
  column?: number | undefined;
  message: string;
}
export interface CodeEditor {
  /** Replaces the text, unless it is what is there already. */
  setText(text: string): void;
  setMarks(marks: Mark[]): void;
  destroy(): void;
}
interface Options {
  host: HTMLElement;
  id: string;
  label: string;
  language: Language;
  text: string;
  /** Where somebody is typing already, in characters from the start. */
  caret: { anchor: number; head: number } | undefined;
  onchange: (text: string) => void;
}

const languages: Record<Language, () => Extension> = {
  code: () => [javascript({ typescript: true }), lineNumbers(), highlightActiveLine(), lintGutter()],
  sql: () => [sql(), lineNumbers(), highlightActiveLine()],
  json: () => json(),
  // An expression is one line: a new line in it becomes a space.
  expression: () => EditorState.transactionFilter.of((change) => (change.newDoc.lines > 1 ? [] : change)),
};

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--dye-flow)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--ok)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--dye-data)' },
  { tag: [tags.comment], color: 'var(--ink-3)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--dye-code)' },
  { tag: [tags.propertyName], color: 'var(--dye-io)' },
  { tag: [tags.typeName, tags.className], color: 'var(--dye-math)' },
  { tag: [tags.operator, tags.punctuation], color: 'var(--ink-2)' },
  { tag: tags.invalid, color: 'var(--fail)' },
]);

const look = EditorView.theme({
  '&': { backgroundColor: 'transparent', color: 'var(--ink)', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--font-data)',
    fontVariantLigatures: 'none',
    lineHeight: '1.5',
    maxHeight: '360px',
    overflow: 'auto',
  },
  '.cm-content': { padding: '7px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 10px' },
  '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--ink-3)' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 2px 0 8px', minWidth: '22px' },
  '.cm-gutter-lint': { width: '12px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in oklab, var(--ink) 3.5%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'color-mix(in oklab, var(--accent) 24%, transparent)',
  },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--accent-soft)',
    outline: 'none',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    border: '1px solid var(--line)',
    borderRadius: '8px',
    color: 'var(--ink)',
  },
});

export function createCodeEditor(options: Options): CodeEditor {
  const { host, id, label, language, text, caret, onchange } = options;
  let silent = false;
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: text,
      ...(caret && { selection: caret }),
      extensions: [
        history(),
        drawSelection(),
        highlightSpecialChars(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        closeBrackets(),
        bracketMatching(),
        indentOnInput(),
        EditorView.lineWrapping,
        languages[language](),
        syntaxHighlighting(colours),
        look,
        EditorView.contentAttributes.of({ id, 'aria-label': label, spellcheck: 'false' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !silent) onchange(update.state.doc.toString());
        }),
      ],
    }),
  });
  if (caret) view.focus();
  // Lines may break elsewhere in the font that has just come, and their numbers have to go along.
  const measure = () => view.requestMeasure();
  document.fonts.addEventListener('loadingdone', measure);
  return {
    setText(next) {
      const now = view.state.doc.toString();
      if (next === now) return;
      silent = true;
      view.dispatch({ changes: { from: 0, to: now.length, insert: next } });
      silent = false;
    },
    setMarks(marks) {
      const { doc } = view.state;
      const diagnostics = marks.map(({ line, column, message }): Diagnostic => {
        const place = doc.line(Math.min(Math.max(1, line), doc.lines));
        const from = Math.min(place.to, place.from + Math.max(0, (column ?? 1) - 1));
        return {
          from,
          to: Math.max(from, column === undefined ? place.to : Math.min(place.to, from + 1)),
          severity: 'error',
          message,
        };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    destroy() {
      document.fonts.removeEventListener('loadingdone', measure);
      view.destroy();
    },
  };
}
