/** The commands of the editor that are not worth a button of their own. */
import ClipboardPaste from '@lucide/svelte/icons/clipboard-paste';
import Download from '@lucide/svelte/icons/download';
import EyeOff from '@lucide/svelte/icons/eye-off';
import FilePlus from '@lucide/svelte/icons/file-plus';
import FolderOpen from '@lucide/svelte/icons/folder-open';
import History from '@lucide/svelte/icons/history';
import Redo2 from '@lucide/svelte/icons/redo-2';
import SlidersHorizontal from '@lucide/svelte/icons/sliders-horizontal';
import Undo2 from '@lucide/svelte/icons/undo-2';
import Upload from '@lucide/svelte/icons/upload';
import Waypoints from '@lucide/svelte/icons/waypoints';
import { emptyGraph } from '../../schema/names.ts';
import { m } from '../paraglide/messages.js';
import type { MenuEntry } from '../parts/menu-entry.ts';
import type { App } from '../state/app.svelte.ts';
import { graphPath } from '../state/router.svelte.ts';
import type { Session } from '../state/session.svelte.ts';
import { pasteText } from './clipboard.ts';
import { chooseGraphFile, exportGraph } from './import-graph.ts';
import { mod } from './shortcuts.ts';

export function editorMenu(app: App, session: Session): MenuEntry[] {
  const { editor } = session;
  return [
    { label: m.new_graph(), icon: FilePlus, run: () => void createGraph(app) },
    { label: m.open_graph(), icon: FolderOpen, run: () => (app.sheet = 'graphs') },
    'line',
    { label: m.import(), icon: Upload, run: () => chooseGraphFile(app) },
    { label: m.export(), icon: Download, run: () => exportGraph(editor.document.toGraph()) },
    'line',
    { label: m.undo(), icon: Undo2, keys: `${mod} Z`, disabled: !editor.canUndo, run: () => editor.undo() },
    { label: m.redo(), icon: Redo2, keys: `${mod} ⇧ Z`, disabled: !editor.canRedo, run: () => editor.redo() },
    {
      label: m.paste(),
      icon: ClipboardPaste,
      keys: `${mod} V`,
      run: () => void pasteFromClipboard(app, session),
    },
    'line',
    { label: m.analysis(), icon: Waypoints, keys: 'I', run: () => (app.sheet = 'analysis') },
    { label: m.inspector(), icon: SlidersHorizontal, run: () => showInspector(app) },
    ...(session.run && !session.running
      ? [{ label: m.hide_run(), icon: EyeOff, run: () => session.hideRun() }]
      : []),
    ...(app.narrow ? ['line' as const, ...pageMenu(app)] : []),
  ];
}

/** What the bar has buttons for where there is room. */
function pageMenu({ preferences, router }: App): MenuEntry[] {
  return [
    { label: m.runs(), icon: History, run: () => router.go('/runs') },
    { heading: m.theme() },
    {
      label: m.theme_system(),
      checked: preferences.theme === 'system',
      run: () => (preferences.theme = 'system'),
    },
    {
      label: m.theme_light(),
      checked: preferences.theme === 'light',
      run: () => (preferences.theme = 'light'),
    },
    { label: m.theme_dark(), checked: preferences.theme === 'dark', run: () => (preferences.theme = 'dark') },
    { heading: m.language() },
    { label: 'English', checked: preferences.locale === 'en', run: () => preferences.setLocale('en') },
    { label: '简体中文', checked: preferences.locale === 'zh-CN', run: () => preferences.setLocale('zh-CN') },
  ];
}

async function createGraph(app: App): Promise<void> {
  try {
    app.router.go(graphPath(await app.library.create(emptyGraph(m.untitled()))));
  } catch (error) {
    app.notices.error(m.graph_not_opened(), error);
  }
}

async function pasteFromClipboard(app: App, session: Session): Promise<void> {
  try {
    await pasteText(app, session.editor, await navigator.clipboard.readText());
  } catch (error) {
    app.notices.error(m.paste_refused(), error);
  }
}

function showInspector(app: App): void {
  if (app.narrow) app.sheet = 'inspector';
  else app.preferences.inspector = 'open';
}
