/** Every shortcut of the editor: what the sheet lists. The keys themselves are handled in `editor-keys.ts`. */
import { m } from '../paraglide/messages.js';

const apple = /Mac|iP(hone|ad)/.test(navigator.platform);
/** The key that stands for Control on an Apple keyboard. */
export const mod = apple ? '⌘' : 'Ctrl';

export interface ShortcutGroup {
  title: string;
  rows: { keys: string; label: string }[];
}

export const shortcutGroups = (): ShortcutGroup[] => [
  {
    title: m.shortcuts_run(),
    rows: [
      { keys: `${mod} Enter`, label: m.run() },
      { keys: 'R', label: m.run_from() },
      { keys: '⇧ R', label: m.run_only() },
      { keys: `${mod} .`, label: m.cancel() },
    ],
  },
  {
    title: m.shortcuts_edit(),
    rows: [
      { keys: '/', label: m.palette_search() },
      { keys: 'A', label: m.quick_add() },
      { keys: 'C', label: m.connect() },
      { keys: 'Delete', label: m.remove() },
      { keys: `${mod} D`, label: m.duplicate() },
      { keys: `${mod} C · ${mod} V`, label: m.copy_paste() },
      { keys: `${mod} A`, label: m.select_all() },
      { keys: `${mod} Z · ${mod} ⇧ Z`, label: m.undo_redo() },
      { keys: '← ↑ → ↓', label: m.move_selection() },
      { keys: '⇧ T', label: m.tidy() },
    ],
  },
  {
    title: m.shortcuts_view(),
    rows: [
      { keys: 'Tab · Enter', label: m.reach_nodes() },
      { keys: 'F', label: m.fit_view() },
      { keys: 'I', label: m.analysis() },
      { keys: '[ · ]', label: m.toggle_sides() },
      { keys: 'J', label: m.toggle_panel() },
      { keys: m.key_shift_drag(), label: m.lasso() },
      { keys: m.key_double_click(), label: m.quick_add() },
      { keys: '?', label: m.shortcuts() },
    ],
  },
];
