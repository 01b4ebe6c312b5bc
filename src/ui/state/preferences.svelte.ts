/** What this person chose about the interface itself; kept in this browser, shared by its tabs. */
import { loadChineseProblems } from '../i18n/problem-text.svelte.ts';
import { isLocale, overwriteGetLocale, setLocale } from '../paraglide/runtime.js';

export type Theme = 'system' | 'light' | 'dark';
export type Locale = 'en' | 'zh-CN';
/** `auto`: the inspector is there while something is selected. */
export type InspectorChoice = 'auto' | 'open' | 'closed';

const key = 'handloom.preferences';

interface Kept {
  theme: Theme;
  palette: boolean;
  inspector: InspectorChoice;
  panel: boolean;
  panelHeight: number;
  snap: boolean;
  minimap: boolean;
}
const defaults: Kept = {
  theme: 'system',
  palette: true,
  inspector: 'auto',
  panel: true,
  panelHeight: 280,
  snap: true,
  minimap: true,
};

export class Preferences {
  theme = $state<Theme>(defaults.theme);
  locale = $state<Locale>('en');
  palette = $state(defaults.palette);
  inspector = $state<InspectorChoice>(defaults.inspector);
  panel = $state(defaults.panel);
  panelHeight = $state(defaults.panelHeight);
  snap = $state(defaults.snap);
  minimap = $state(defaults.minimap);

  #systemDark = $state(matchMedia('(prefers-color-scheme: dark)').matches);
  readonly dark = $derived(this.theme === 'dark' || (this.theme === 'system' && this.#systemDark));

  constructor(locale: string) {
    if (isLocale(locale)) this.locale = locale;
    // Messages read the locale as state, so that a change shows at once and nothing is loaded anew.
    overwriteGetLocale(() => this.locale);
    Object.assign(this, read());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
      this.#systemDark = event.matches;
    });
    addEventListener('storage', (event) => {
      if (event.key === key) Object.assign(this, read());
    });
    $effect.root(() => {
      $effect(() => {
        document.documentElement.dataset.theme = this.dark ? 'dark' : 'light';
        document.documentElement.lang = this.locale;
        if (this.locale === 'zh-CN') void loadChineseProblems();
      });
      $effect(() => {
        const { theme, palette, inspector, panel, panelHeight, snap, minimap } = this;
        write({ theme, palette, inspector, panel, panelHeight, snap, minimap });
      });
    });
  }

  setLocale(locale: Locale): void {
    this.locale = locale;
    void setLocale(locale, { reload: false });
  }
}

function read(): Kept {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return typeof kept === 'object' && kept ? { ...defaults, ...pick(kept) } : defaults;
  } catch {
    return defaults; // Storage refused or damaged: the choices last as long as the page.
  }
}

function pick(kept: object): Partial<Kept> {
  return Object.fromEntries(
    Object.entries(kept).filter(
      ([name, value]) => name in defaults && typeof value === typeof defaults[name as keyof Kept],
    ),
  );
}

function write(kept: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // Storage refused: as above.
  }
}
