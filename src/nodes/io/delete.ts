/** Deletes a file of the workspace. */
import { z } from 'zod';
import { defineNode } from '../define-node.ts';
import { field } from '../field-widgets.ts';
import { pathOf } from '../io-path.ts';
import { pathField } from '../path-field.ts';

const params = z.object({
  path: pathField({
    description: 'Without it, each value names the file to delete.',
    description_zh: '不填写时，由每个值指定要删除的文件。',
    placeholder: 'results/old.csv',
  }),
  missingOk: z
    .boolean()
    .default(false)
    .meta(
      field({
        title: 'It may be missing',
        title_zh: '允许不存在',
        description: 'Off: a file that is not there is an error.',
        description_zh: '关闭时，文件不存在则报错。',
        widget: 'switch',
      }),
    ),
});

export default defineNode({
  type: 'io.delete',
  version: 1,
  kind: 'map',
  title: { en: 'Delete file', zh: '删除文件' },
  summary: { en: 'Deletes a file of the workspace for good.', zh: '永久删除工作区中的文件。' },
  icon: 'file-x',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params,
  place: 'host',
  trigger: true,
  effects: true,
  requires: ['files'],
  create:
    ({ path: param, missingOk }: z.output<typeof params>) =>
    async (payload, ctx) => {
      const path = pathOf(param, payload);
      try {
        await ctx.files.delete(path);
        return { path, deleted: true };
      } catch (error) {
        if (!missingOk || (error as { code?: unknown } | null)?.code !== 'file_not_found') throw error;
        return { path, deleted: false };
      }
    },
  examples: [
    {
      title: { en: 'One file', zh: '单个文件' },
      params: { path: 'old.txt' },
      payloads: [undefined],
      results: [{ path: 'old.txt', deleted: true }],
      files: { 'old.txt': 'Old' },
    },
    {
      title: { en: 'Files that may be missing', zh: '可能不存在的文件' },
      params: { missingOk: true },
      payloads: ['a.txt', { path: 'b.txt' }],
      results: [
        { path: 'a.txt', deleted: true },
        { path: 'b.txt', deleted: false },
      ],
      files: { 'a.txt': 'A' },
    },
    {
      title: { en: 'Missing, outside, no file', zh: '缺失、越界、并非文件' },
      payloads: ['missing.txt', '../outside.txt', 7],
      results: [],
      errors: ['FileError', 'FileError', 'TypeError'],
      files: { 'kept.txt': 'K' },
      written: {},
    },
  ],
});
