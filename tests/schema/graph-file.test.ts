import { expect, test } from 'vitest';
import type { Graph } from '../../src/schema/graph.ts';
import { fromGraphTree, toGraphText } from '../../src/schema/graph-file.ts';

const graph = (inputs: Graph['inputs'], params: Record<string, unknown> = {}): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'g',
  nodes: [{ id: 'a', type: 'code.js', params }],
  edges: [],
  inputs,
});
const back = (text: string) => fromGraphTree(JSON.parse(text));

test('a graph that JSON can say is plain JSON', () => {
  const plain = graph({ a: [1, 'x', null, { $type: 'Date', value: 'of its own' }, [true]] });
  expect(toGraphText(plain, 2)).toBe(JSON.stringify(plain, null, 2));
  expect(back(toGraphText(plain))).toEqual(plain);
});

test.each<[string, unknown]>([
  ['a date', new Date(5)],
  ['no number', Number.NaN],
  ['minus nought', -0],
  ['a big integer', 2n ** 70n],
  ['nothing', undefined],
  ['a map', new Map([[1, new Set([2])]])],
  ['bytes', new Uint8Array([1, 2])],
])('a graph whose payloads hold %s comes back as it was', (_, value) => {
  const typed = graph({ a: [{ within: value }, { $type: 'mine' }] });
  const text = toGraphText(typed, 2);
  expect(JSON.parse(text)).toMatchObject({ format: 'handloom.graph', encoding: 'handloom.values' });
  expect(back(text)).toStrictEqual(typed);
});

test('so does one whose params hold such a value, as an inner graph may', () => {
  const typed = graph({}, { graph: graph({ a: [new Date(7)] }) });
  expect(back(toGraphText(typed))).toStrictEqual(typed);
});

test('an encoding of another name is a field like any other', () => {
  const own = { ...graph({ a: [{ $type: 'mine' }] }), encoding: 'mine' };
  expect(fromGraphTree(own)).toEqual(own);
  expect(fromGraphTree([1])).toEqual([1]);
});
