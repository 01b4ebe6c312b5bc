/**
 * Icons by the name a definition gives. Only these are bundled, not the whole set; a name that is missing here shows
 * a plain box, and a test says so.
 */
import Box from '@lucide/svelte/icons/box';
import Braces from '@lucide/svelte/icons/braces';
import BrushCleaning from '@lucide/svelte/icons/brush-cleaning';
import Calculator from '@lucide/svelte/icons/calculator';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import Columns3Cog from '@lucide/svelte/icons/columns-3-cog';
import Combine from '@lucide/svelte/icons/combine';
import Copy from '@lucide/svelte/icons/copy';
import Database from '@lucide/svelte/icons/database';
import FileDown from '@lucide/svelte/icons/file-down';
import FileInput from '@lucide/svelte/icons/file-input';
import FileOutput from '@lucide/svelte/icons/file-output';
import FileSpreadsheet from '@lucide/svelte/icons/file-spreadsheet';
import FileSymlink from '@lucide/svelte/icons/file-symlink';
import FileX from '@lucide/svelte/icons/file-x';
import FolderSearch from '@lucide/svelte/icons/folder-search';
import Funnel from '@lucide/svelte/icons/funnel';
import Globe from '@lucide/svelte/icons/globe';
import Hourglass from '@lucide/svelte/icons/hourglass';
import Layers from '@lucide/svelte/icons/layers';
import Link from '@lucide/svelte/icons/link';
import ListOrdered from '@lucide/svelte/icons/list-ordered';
import ListStart from '@lucide/svelte/icons/list-start';
import Merge from '@lucide/svelte/icons/merge';
import Microscope from '@lucide/svelte/icons/microscope';
import Route from '@lucide/svelte/icons/route';
import Rows3 from '@lucide/svelte/icons/rows-3';
import Sigma from '@lucide/svelte/icons/sigma';
import Split from '@lucide/svelte/icons/split';
import SquareFunction from '@lucide/svelte/icons/square-function';
import Table from '@lucide/svelte/icons/table';
import Workflow from '@lucide/svelte/icons/workflow';

export type Icon = typeof Box;

export const nodeIcons: Record<string, Icon> = {
  box: Box,
  braces: Braces,
  'brush-cleaning': BrushCleaning,
  calculator: Calculator,
  'chart-column': ChartColumn,
  'columns-3-cog': Columns3Cog,
  combine: Combine,
  copy: Copy,
  database: Database,
  'file-down': FileDown,
  'file-input': FileInput,
  'file-output': FileOutput,
  'file-spreadsheet': FileSpreadsheet,
  'file-symlink': FileSymlink,
  'file-x': FileX,
  'folder-search': FolderSearch,
  funnel: Funnel,
  globe: Globe,
  hourglass: Hourglass,
  layers: Layers,
  link: Link,
  'list-ordered': ListOrdered,
  'list-start': ListStart,
  merge: Merge,
  microscope: Microscope,
  route: Route,
  'rows-3': Rows3,
  sigma: Sigma,
  split: Split,
  'square-function': SquareFunction,
  table: Table,
  workflow: Workflow,
};

export const iconOf = (name: string): Icon => nodeIcons[name] ?? Box;
