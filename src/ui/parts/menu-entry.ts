/** What a menu offers. */
import type { Icon } from './node-icons.ts';

export type MenuEntry =
  | {
      label: string;
      /** A second line that says more. */
      about?: string;
      icon?: Icon;
      keys?: string;
      danger?: boolean;
      disabled?: boolean;
      checked?: boolean;
      href?: string;
      run?: () => void;
    }
  | { heading: string }
  | 'line';
