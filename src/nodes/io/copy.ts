/** Copies a file of the workspace. */
import type { z } from 'zod';
import { defineNode } from '../define-node.ts';
import { fileExists, filePairOf, filePairParams, readIfThere } from '../file-pair.ts';

export default defineNode({
  type: 'io.copy',
  version: 1,
  kind: 'map',
  title: { en: 'Copy file', zh: '复制文件' },
  summary: { en: 'Copies a file of the workspace to another path.', zh: '将工作区中的文件复制到另一路径。' },
  icon: 'copy',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params: filePairParams,
  place: 'host',
  trigger: true,
  effects: true,
  requires: ['files'],
  create: (given: z.output<typeof filePairParams>) => async (payload, ctx) => {
    const { from, to } = filePairOf(given, payload);
    const data = await ctx.files.read(from);
    if (from !== to) {
      if (!given.overwrite && (await readIfThere(ctx.files, to))) throw fileExists(to);
      await ctx.files.write(to, data);
    }
    return { from, to, bytes: data.length };
  },
  examples: [
    {
      title: { en: 'Into a folder', zh: '复制到文件夹' },
      params: { from: 'today.txt', to: 'archive/' },
      payloads: [undefined],
      results: [{ from: 'today.txt', to: 'archive/today.txt', bytes: 5 }],
      files: { 'today.txt': 'Hello' },
      written: { 'archive/today.txt': 'Hello' },
    },
    {
      title: { en: 'Named by the values', zh: '由值指定' },
      payloads: [{ from: 'a.txt', to: 'b.txt' }],
      results: [{ from: 'a.txt', to: 'b.txt', bytes: 1 }],
      files: { 'a.txt': 'A', 'b.txt': 'old' },
      written: { 'b.txt': 'A' },
    },
    {
      title: { en: 'Missing, taken, nowhere to', zh: '缺失、已占用、无目标' },
      params: { overwrite: false },
      payloads: [{ from: 'missing.txt', to: 'c.txt' }, { from: 'a.txt', to: 'b.txt' }, 'a.txt', 5],
      results: [],
      errors: ['FileError', 'FileError', 'TypeError', 'TypeError'],
      files: { 'a.txt': 'A', 'b.txt': 'B' },
      written: {},
    },
  ],
});
