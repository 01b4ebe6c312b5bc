/** Reads a file of the workspace. */
import { z } from 'zod';
import { ValidationError } from '../../errors.ts';
import { readJson } from '../../schema/read-json.ts';
import { defineNode } from '../define-node.ts';
import { field } from '../field-widgets.ts';
import { fileError } from '../file-error.ts';
import { pathOf } from '../io-path.ts';
import { pathField } from '../path-field.ts';

const params = z.object({
  path: pathField({
    description: 'Without it, each value names the file to read.',
    description_zh: '不填写时，由每个值指定要读取的文件。',
    placeholder: 'notes/today.txt',
  }),
  as: z
    .enum(['text', 'json', 'lines', 'bytes'])
    .default('text')
    .meta(
      field({
        title: 'Read as',
        title_zh: '读取为',
        widget: 'select',
        labels: { text: 'Text', json: 'JSON', lines: 'List of lines', bytes: 'Bytes' },
        labels_zh: { text: '文本', json: 'JSON', lines: '行列表', bytes: '字节' },
      }),
    ),
});

const parse: Record<z.output<typeof params>['as'], (bytes: Uint8Array, path: string) => unknown> = {
  text: textOf,
  json(bytes, path) {
    try {
      return readJson(bytes);
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      throw fileError(error.code, `${path}: ${error.message}`, path);
    }
  },
  lines(bytes, path) {
    const lines = textOf(bytes, path).split(/\r\n|\n|\r/);
    // The end of the last line begins no further one.
    if (lines[lines.length - 1] === '') lines.pop();
    return lines;
  },
  bytes: (bytes) => bytes,
};

function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fileError('not_text', `${path} is not UTF-8 text.`, path);
  }
}

export default defineNode({
  type: 'io.read',
  version: 1,
  kind: 'map',
  title: { en: 'Read file', zh: '读取文件' },
  summary: {
    en: 'Reads a file of the workspace as text, JSON, lines or bytes.',
    zh: '将工作区中的文件读取为文本、JSON、行或字节。',
  },
  icon: 'file-input',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'host',
  trigger: true,
  requires: ['files'],
  create:
    ({ path: param, as }: z.output<typeof params>) =>
    async (payload, ctx) => {
      const path = pathOf(param, payload);
      return parse[as](await ctx.files.read(path), path);
    },
  examples: [
    {
      title: { en: 'A text', zh: '文本' },
      params: { path: 'hello.txt' },
      payloads: [undefined],
      results: ['Hello'],
      files: { 'hello.txt': 'Hello' },
    },
    {
      title: { en: 'JSON, named by the value', zh: 'JSON，由值指定' },
      params: { as: 'json' },
      payloads: ['data/a.json', { path: 'data/b.json' }],
      results: [{ a: 1 }, [1, 2]],
      files: { 'data/a.json': '{"a": 1}', 'data/b.json': '[1, 2]' },
    },
    {
      title: { en: 'Lines', zh: '行' },
      params: { path: 'list.txt', as: 'lines' },
      payloads: [undefined],
      results: [['one', 'two']],
      files: { 'list.txt': 'one\ntwo\n' },
    },
    {
      title: { en: 'Missing, broken, outside', zh: '缺失、损坏、越界' },
      params: { as: 'json' },
      payloads: ['missing.json', 'broken.json', '../outside.json', 7],
      results: [],
      errors: ['FileError', 'FileError', 'FileError', 'TypeError'],
      files: { 'broken.json': '{\n  "a": ,\n}' },
    },
  ],
});
