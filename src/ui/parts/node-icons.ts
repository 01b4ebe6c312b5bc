/**
 * Icons by the name a definition gives. Only these are bundled, not the whole set; a name that is missing here shows
 * a plain box, and a test says so.
 */
import Box from '@lucide/svelte/icons/box';
import Braces from '@lucide/svelte/icons/braces';
import Calculator from '@lucide/svelte/icons/calculator';
import Combine from '@lucide/svelte/icons/combine';
import Database from '@lucide/svelte/icons/database';
import FileDown from '@lucide/svelte/icons/file-down';
import FileInput from '@lucide/svelte/icons/file-input';
import FileOutput from '@lucide/svelte/icons/file-output';
import FileSpreadsheet from '@lucide/svelte/icons/file-spreadsheet';
import Funnel from '@lucide/svelte/icons/funnel';
import Layers from '@lucide/svelte/icons/layers';
import ListStart from '@lucide/svelte/icons/list-start';
import Route from '@lucide/svelte/icons/route';
import Rows3 from '@lucide/svelte/icons/rows-3';
import Sigma from '@lucide/svelte/icons/sigma';
import Split from '@lucide/svelte/icons/split';
import SquareFunction from '@lucide/svelte/icons/square-function';
import Table from '@lucide/svelte/icons/table';

export type Icon = typeof Box;

export const nodeIcons: Record<string, Icon> = {
  box: Box,
  braces: Braces,
  calculator: Calculator,
  combine: Combine,
  database: Database,
  'file-down': FileDown,
  'file-input': FileInput,
  'file-output': FileOutput,
  'file-spreadsheet': FileSpreadsheet,
  funnel: Funnel,
  layers: Layers,
  'list-start': ListStart,
  route: Route,
  'rows-3': Rows3,
  sigma: Sigma,
  split: Split,
  'square-function': SquareFunction,
  table: Table,
};

export const iconOf = (name: string): Icon => nodeIcons[name] ?? Box;
