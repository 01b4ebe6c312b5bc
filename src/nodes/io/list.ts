/** Lists the files of the workspace. */
import { z } from 'zod';
import { defineNode, many } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { pathField } from '../path-field.ts';

const params = z.object({
  folder: pathField({
    title: 'Folder',
    title_zh: '文件夹',
    description: 'With all below it. Without it, the folder each value names, or the whole workspace.',
    description_zh: '包含其下所有内容。不填写时为每个值指定的文件夹，或整个工作区。',
    placeholder: 'samples/',
  }),
  pattern: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Pattern (optional)',
        title_zh: '匹配模式（可选）',
        description:
          '* is any part of a name, ** any folders, ? one character; without /, it is about the name.',
        description_zh: '* 匹配名称的任意部分，** 匹配任意层文件夹，? 匹配一个字符；不含 / 时只匹配文件名。',
        widget: 'text',
        placeholder: '*.csv',
      }),
    ),
  as: z
    .enum(['each', 'list'])
    .default('each')
    .meta(
      field({
        title: 'Give',
        title_zh: '输出',
        widget: 'select',
        labels: { each: 'Each file by itself', list: 'One list' },
        labels_zh: { each: '逐个输出', list: '整个列表' },
      }),
    ),
});

/** A file-name pattern as a test of paths relative to the folder. */
function matcher(pattern: string | undefined): (path: string) => boolean {
  if (!pattern) return () => true;
  const source = pattern.replace(/\*\*\/|\*+|\?|[.+^${}()|[\]\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '?') return '[^/]';
    if (part[0] === '*') return part.length > 1 ? '.*' : '[^/]*';
    return `\\${part}`;
  });
  const expression = new RegExp(`^${source}$`, 'su');
  if (pattern.includes('/')) return (path) => expression.test(path);
  return (path) => expression.test(path.slice(path.lastIndexOf('/') + 1));
}

function folderOf(param: string | undefined, payload: unknown): string {
  const named =
    typeof payload === 'object' && payload !== null
      ? ((payload as { folder?: unknown }).folder ?? (payload as { path?: unknown }).path)
      : payload;
  const folder = param || (named ?? '');
  if (typeof folder !== 'string')
    throw new TypeError(`A folder is named by a text or {folder: …}, not ${describeValue(payload)}.`);
  // A leading ./ means nothing to the workspace, but would to what is cut off the paths found.
  const plain = folder.replace(/^(\.\/)+/, '');
  return plain === '' || plain === '.' || plain.endsWith('/') ? plain.replace(/^\.$/, '') : `${plain}/`;
}

export default defineNode({
  type: 'io.list',
  version: 1,
  kind: 'map',
  title: { en: 'List files', zh: '列出文件' },
  summary: {
    en: 'Lists the files of a folder of the workspace, with their sizes.',
    zh: '列出工作区文件夹中的文件及其大小。',
  },
  icon: 'folder-search',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: ({ as }) => [{ name: 'out', type: as === 'list' ? 'array' : 'object' }],
  params,
  place: 'host',
  fansOut: true,
  trigger: true,
  requires: ['files'],
  create({ folder: param, pattern, as }: z.output<typeof params>) {
    const matches = matcher(pattern);
    return async (payload, ctx) => {
      const folder = folderOf(param, payload);
      const files = await ctx.files.list(folder);
      const found = files.filter(({ path }) => matches(path.slice(folder.length)));
      return as === 'list' ? found : many(found);
    };
  },
  examples: [
    {
      title: { en: 'The tables of a folder', zh: '文件夹中的表格' },
      params: { folder: 'data', pattern: '*.csv' },
      payloads: [undefined],
      results: [
        { path: 'data/a.csv', bytes: 3 },
        { path: 'data/old/b.csv', bytes: 4 },
      ],
      files: { 'data/a.csv': 'a\n1', 'data/old/b.csv': 'b\n10', 'data/c.json': '[]', 'database.csv': 'x' },
    },
    {
      title: { en: 'Everything, as one list', zh: '全部文件，作为一个列表' },
      params: { as: 'list' },
      payloads: [undefined, 'b', { folder: 'c' }],
      results: [
        [
          { path: 'a.txt', bytes: 1 },
          { path: 'b/c.txt', bytes: 2 },
        ],
        [{ path: 'b/c.txt', bytes: 2 }],
        [],
      ],
      files: { 'a.txt': 'A', 'b/c.txt': 'BC' },
    },
    {
      title: { en: 'Outside, and no folder', zh: '越界，以及并非文件夹' },
      payloads: ['../outside', '/etc', 7],
      results: [],
      errors: ['FileError', 'FileError', 'TypeError'],
    },
  ],
});
