/** From which file to which: the params and the work that copying and moving share. */
import { z } from 'zod';
import type { Files } from './define-node.ts';
import { describeValue } from './describe-value.ts';
import { field } from './field-widgets.ts';
import { fileError } from './file-error.ts';
import { pathOf } from './io-path.ts';
import { pathField } from './path-field.ts';

export const filePairParams = z.object({
  from: pathField({
    description: 'Without it, each value names the file, or is {from, to}.',
    description_zh: '不填写时，由每个值指定文件，或为 {from, to}。',
    placeholder: 'results/today.csv',
  }),
  to: pathField({
    title: 'To',
    title_zh: '目标',
    description: 'A path that ends in / is a folder; the file keeps its name there.',
    description_zh: '以 / 结尾的路径表示文件夹，文件名保持不变。',
    placeholder: 'archive/',
  }),
  overwrite: z
    .boolean()
    .default(true)
    .meta(
      field({
        title: 'Replace what is there',
        title_zh: '替换已有文件',
        description: 'Off: a file that is there already is an error.',
        description_zh: '关闭时，目标文件已存在则报错。',
        widget: 'switch',
      }),
    ),
});

export interface FilePair {
  from: string;
  to: string;
}

/** @throws TypeError when neither the params nor the payload say both. */
export function filePairOf(given: { from?: string | undefined; to?: string | undefined }, payload: unknown) {
  const own =
    typeof payload === 'object' && payload !== null
      ? (payload as Partial<Record<keyof FilePair, unknown>>)
      : {};
  const from = given.from || (typeof own.from === 'string' && own.from) || pathOf(undefined, payload);
  const to = given.to || own.to;
  if (typeof to !== 'string' || to === '')
    throw new TypeError(
      `Where to? Set it, or send it in the value as {from, to}; the value is ${describeValue(payload)}.`,
    );
  return { from: plain(from), to: plain(to.endsWith('/') ? to + from.slice(from.lastIndexOf('/') + 1) : to) };
}

/** As the workspace compares paths: without a leading `./`. */
const plain = (path: string): string => path.replace(/^(\.\/)+/, '');

/** What a file holds; undefined when there is none. */
export async function readIfThere(files: Files, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path);
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'file_not_found') return undefined;
    throw error;
  }
}

export const fileExists = (path: string) =>
  fileError(
    'file_exists',
    `There is a file ${JSON.stringify(path)} already, and it is not to be replaced.`,
    path,
  );
