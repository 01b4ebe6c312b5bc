/** Writes a file of the workspace. */
import { z } from 'zod';
import { toJsonText } from '../../schema/json.ts';
import { defineNode } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { dataOf, pathOf } from '../io-path.ts';
import { pathField } from '../path-field.ts';

const params = z.object({
  path: pathField({
    description: 'Each value replaces the file before. Without it, each value is {path, data}.',
    description_zh: '每个值都会替换之前的文件。不填写时，每个值应为 {path, data}。',
    placeholder: 'results/total.json',
  }),
  as: z
    .enum(['json', 'text', 'lines', 'bytes'])
    .default('json')
    .meta(
      field({
        title: 'Write as',
        title_zh: '写入为',
        widget: 'select',
        labels: { json: 'JSON', text: 'Text', lines: 'Lines of a list', bytes: 'Bytes' },
        labels_zh: { json: 'JSON', text: '文本', lines: '列表逐行', bytes: '字节' },
      }),
    ),
});

const format: Record<z.output<typeof params>['as'], (data: unknown) => Uint8Array | string> = {
  json(data) {
    if (data === undefined) throw new TypeError('There is nothing to write: the value is undefined.');
    return `${toJsonText(data, 2)}\n`;
  },
  text(data) {
    if (typeof data === 'string') return data;
    throw new TypeError(`Only a text can be written as text, not ${describeValue(data)}.`);
  },
  lines(data) {
    if (!Array.isArray(data))
      throw new TypeError(`Only a list can be written as lines, not ${describeValue(data)}.`);
    return data.map(lineOf).join('');
  },
  bytes(data) {
    if (data instanceof ArrayBuffer) return new Uint8Array(data);
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    throw new TypeError(`Only bytes can be written as bytes, not ${describeValue(data)}.`);
  },
};

function lineOf(item: unknown, index: number): string {
  if (typeof item !== 'string' && typeof item !== 'number') {
    throw new TypeError(`A line has to be a text or a number, but item ${index} is ${describeValue(item)}.`);
  }
  if (/[\n\r]/.test(String(item))) throw new TypeError(`Item ${index} holds more than one line.`);
  return `${item}\n`;
}

export default defineNode({
  type: 'io.write',
  version: 1,
  kind: 'map',
  title: { en: 'Write file', zh: '写入文件' },
  summary: { en: 'Writes each value to a file of the workspace.', zh: '将每个值写入工作区中的文件。' },
  icon: 'file-output',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'object' }],
  params,
  place: 'host',
  effects: true,
  requires: ['files'],
  create:
    ({ path: param, as }: z.output<typeof params>) =>
    async (payload, ctx) => {
      const data = dataOf(param, payload);
      const path = pathOf(param, payload);
      const content = format[as](data);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      await ctx.files.write(path, bytes);
      return { path, bytes: bytes.length };
    },
  examples: [
    {
      title: { en: 'JSON', zh: 'JSON' },
      params: { path: 'out/total.json' },
      payloads: [{ total: 42 }],
      results: [{ path: 'out/total.json', bytes: 18 }],
      written: { 'out/total.json': '{\n  "total": 42\n}\n' },
    },
    {
      title: { en: 'A file for each value', zh: '每个值一个文件' },
      params: { as: 'text' },
      payloads: [
        { path: 'a.txt', data: 'A' },
        { path: 'b.txt', data: 'Bee' },
      ],
      results: [
        { path: 'a.txt', bytes: 1 },
        { path: 'b.txt', bytes: 3 },
      ],
      written: { 'a.txt': 'A', 'b.txt': 'Bee' },
    },
    {
      title: { en: 'Lines', zh: '行' },
      params: { path: 'list.txt', as: 'lines' },
      payloads: [['one', 2]],
      results: [{ path: 'list.txt', bytes: 6 }],
      written: { 'list.txt': 'one\n2\n' },
    },
    {
      title: { en: 'What does not fit', zh: '不合适的值' },
      params: { as: 'text' },
      payloads: [{ path: 'a.txt', data: 5 }, { path: '/etc/motd', data: 'x' }, 'text'],
      results: [],
      errors: ['TypeError', 'FileError', 'TypeError'],
      written: {},
    },
  ],
});
