/** Moves a file of the workspace. */
import type { z } from 'zod';
import { defineNode, type Files } from '../define-node.ts';
import { type FilePair, fileExists, filePairOf, filePairParams, readIfThere } from '../file-pair.ts';

/** Writes the file at its new place, then takes it from its old one; all of it or nothing. */
async function move(files: Files, { from, to }: FilePair, overwrite: boolean): Promise<number> {
  const data = await files.read(from);
  if (from === to) return data.length;
  const sameButForCase = fold(from) === fold(to);
  const before = sameButForCase ? undefined : await readIfThere(files, to);
  if (before && !overwrite) throw fileExists(to);
  await files.write(to, data);
  // Where names differ in case only, both may name one file, which must not be deleted.
  if (sameButForCase && !((await isListed(files, from)) && (await isListed(files, to)))) return data.length;
  try {
    await files.delete(from);
  } catch (error) {
    await (before ? files.write(to, before) : files.delete(to)).catch(() => undefined);
    throw error;
  }
  return data.length;
}

const fold = (path: string): string => path.normalize('NFC').toLowerCase();
const isListed = async (files: Files, path: string): Promise<boolean> =>
  (await files.list(path)).some((file) => file.path === path);

export default defineNode({
  type: 'io.move',
  version: 1,
  kind: 'map',
  title: { en: 'Move file', zh: '移动文件' },
  summary: {
    en: 'Moves a file of the workspace to another path, or renames it.',
    zh: '将工作区中的文件移到另一路径，或重命名。',
  },
  icon: 'file-symlink',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params: filePairParams,
  place: 'host',
  trigger: true,
  effects: true,
  requires: ['files'],
  create: (given: z.output<typeof filePairParams>) => async (payload, ctx) => {
    const pair = filePairOf(given, payload);
    return { ...pair, bytes: await move(ctx.files, pair, given.overwrite) };
  },
  examples: [
    {
      title: { en: 'Into a folder', zh: '移到文件夹' },
      params: { to: 'done/' },
      payloads: ['in/a.txt', { path: 'in/b.txt' }],
      results: [
        { from: 'in/a.txt', to: 'done/a.txt', bytes: 1 },
        { from: 'in/b.txt', to: 'done/b.txt', bytes: 3 },
      ],
      files: { 'in/a.txt': 'A', 'in/b.txt': 'Bee' },
    },
    {
      title: { en: 'A new name', zh: '重命名' },
      params: { from: 'draft.txt', to: 'final.txt' },
      payloads: [undefined],
      results: [{ from: 'draft.txt', to: 'final.txt', bytes: 4 }],
      files: { 'draft.txt': 'Text' },
    },
    {
      title: { en: 'Missing, taken, outside', zh: '缺失、已占用、越界' },
      params: { overwrite: false },
      payloads: [
        { from: 'missing.txt', to: 'c.txt' },
        { from: 'a.txt', to: 'b.txt' },
        { from: 'a.txt', to: '../a.txt' },
      ],
      results: [],
      errors: ['FileError', 'FileError', 'FileError'],
      files: { 'a.txt': 'A', 'b.txt': 'B' },
      written: {},
    },
  ],
});
