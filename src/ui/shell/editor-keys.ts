/** The keys of the editor, wherever the focus is; fields keep their own. */
import type { App } from '../state/app.svelte.ts';
import type { Session } from '../state/session.svelte.ts';
import { pasteText } from './clipboard.ts';
import { panelShown, setPanel, toggleInspector } from './panes.ts';
import { cancelRun, runFrom, startRun } from './run-commands.ts';

const inField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type));

const overlaid = () => document.querySelector('[role="dialog"], [role="menu"]') !== null;

/** Listens until the returned function is called. */
export function editorKeys(target: Document, app: App, session: Session): () => void {
  const { editor } = session;
  const { preferences } = app;

  /** Commands by key; `mod` is Control, or Command on an Apple keyboard. */
  const commands: Record<string, () => void> = {
    'mod+Enter': () => void startRun(app, session),
    'mod+.': () => void cancelRun(app, session.control),
    'mod+z': () => editor.undo(),
    'mod+shift+z': () => editor.redo(),
    'mod+y': () => editor.redo(),
    'mod+a': () => editor.selectAll(),
    'mod+d': () => editor.duplicate(),
    Delete: () => editor.removeSelected(),
    Backspace: () => editor.removeSelected(),
    Escape: () => editor.select([]),
    '/': () => focusSearch(app),
    a: () => editor.openQuickAdd(),
    c: () => (editor.connecting = editor.selected?.id),
    r: () => void runFrom(app, session, editor.selected?.id, false),
    'shift+R': () => void runFrom(app, session, editor.selected?.id, true),
    f: () => editor.fit(),
    i: () => (app.sheet = 'analysis'),
    'shift+T': () => editor.tidy(),
    '[': () => (preferences.palette = !preferences.palette),
    ']': () => toggleInspector(app, session),
    j: () => setPanel(app, !!session.run, !panelShown(app, !!session.run)),
    '?': () => (app.sheet = 'shortcuts'),
    'shift+?': () => (app.sheet = 'shortcuts'),
  };
  const arrows: Record<string, [number, number]> = {
    ArrowLeft: [-12, 0],
    ArrowRight: [12, 0],
    ArrowUp: [0, -12],
    ArrowDown: [0, 12],
  };
  /** What works in the middle of typing too. */
  const everywhere = new Set(['mod+Enter', 'mod+.']);

  function keydown(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const mod = event.metaKey || event.ctrlKey;
    const key = event.key.length === 1 && mod ? event.key.toLowerCase() : event.key;
    const name = `${mod ? 'mod+' : ''}${event.shiftKey ? 'shift+' : ''}${key}`;
    if (!everywhere.has(name) && (inField(event.target) || overlaid() || event.altKey)) return;
    // A focused card moves by the canvas's own handling; from elsewhere the selection moves by ours.
    const arrow = arrows[event.key];
    const onCard = event.target instanceof Element && event.target.closest('.svelte-flow__node');
    const onControl =
      event.target instanceof Element &&
      event.target.closest('button, a, summary, [role="tab"], [tabindex="0"]');
    if (arrow && !onCard && !onControl && editor.selection.size && !mod) {
      editor.nudge(...(arrow.map((by) => by * (event.shiftKey ? 4 : 1)) as [number, number]));
      event.preventDefault();
      return;
    }
    const command = commands[name];
    if (!command) return;
    event.preventDefault();
    command();
  }

  function copy(event: ClipboardEvent): void {
    if (inField(event.target) || overlaid() || getSelection()?.toString()) return;
    const text = editor.copyText();
    if (!text) return;
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    if (event.type === 'cut') editor.removeSelected();
  }

  function paste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData('text/plain');
    if (!text || inField(event.target) || overlaid()) return;
    event.preventDefault();
    void pasteText(app, editor, text);
  }

  target.addEventListener('keydown', keydown);
  target.addEventListener('copy', copy);
  target.addEventListener('cut', copy);
  target.addEventListener('paste', paste);
  return () => {
    target.removeEventListener('keydown', keydown);
    target.removeEventListener('copy', copy);
    target.removeEventListener('cut', copy);
    target.removeEventListener('paste', paste);
  };
}

function focusSearch(app: App): void {
  if (app.narrow) app.sheet = 'palette';
  else app.preferences.palette = true;
  requestAnimationFrame(() => document.getElementById('palette-search')?.focus());
}
