import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { followToEnd } from '../../server/cli/follow-run.ts';
import { reportText } from '../../server/cli/report-text.ts';
import { toJsonText } from '../../src/schema/json.ts';
import { readTypedJson } from '../../src/schema/read-typed-json.ts';
import { toTypedText } from '../../src/schema/typed-json.ts';
import { oneOfEach } from '../contracts/cloneable.ts';
import { assertEqual } from '../contracts/deep-equal.ts';
import { runGraph, simulatedEngine } from '../engine/run-graph.ts';

const graph = (inputs: Record<string, unknown[]>, nodes = ['a', 'b']) => ({
  format: 'handloom.graph' as const,
  version: 1 as const,
  name: 'a "report"\nof two lines',
  nodes: nodes.map((id) => ({
    id,
    type: 'code.js',
    params: { code: "(x) => { if (x === 'bad') throw new RangeError('bad\\n  one'); return x; }" },
  })),
  edges: [],
  inputs,
});
const samples: [string, Parameters<typeof graph>][] = [
  ['without tasks', [{}]],
  ['without outputs of one node', [{ a: [[], {}, [[]], [{ a: [1, { b: 'line\nbreak' }] }], 'text', null] }]],
  ['with errors', [{ a: ['bad', 1, 'bad'], b: [{ deep: { deeper: ['bad'] } }] }]],
  ['with nothing but errors', [{ a: ['bad'] }]],
  ['with values that JSON lacks', [{ b: [...Object.values(oneOfEach()), undefined] }]],
  ['of nodes with names of their own', [{ constructor: [1], 'a "b"\n': [2] }, ['constructor', 'a "b"\n']]],
  ['of several pages', [{ a: Array.from({ length: 2500 }, (_, i) => (i % 2 ? { i } : 'bad')) }]],
];

const textOf = async (pieces: AsyncIterable<string>): Promise<string> => {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
};

/** A run that has ended, of whose values the large ones are gone. */
async function runWithLosses() {
  const { store, id } = await runGraph(graph({ a: ['x'.repeat(50_000), 1, 'y'.repeat(50_000)] }));
  const artifacts = { ...store.artifacts, get: async () => undefined };
  return { engine: simulatedEngine(2, undefined, { ...store, artifacts }).engine, id };
}

describe('the text of a report, written page by page', () => {
  it.each(samples)('is that of the whole: %s', async (_, made) => {
    const { engine, id } = await runGraph(graph(...made));
    const report = await engine.report(id, Number.POSITIVE_INFINITY);
    expect(await textOf(reportText(engine, id, false))).toBe(`${toJsonText(report, 2)}\n`);
    const typed = await textOf(reportText(engine, id, true));
    assertEqual(readTypedJson(typed), report);
  });

  it('has in it what is wrong with values that cannot be read, and tells of it once', async () => {
    const { engine, id } = await runWithLosses();
    const report = await engine.report(id, Number.POSITIVE_INFINITY);
    expect(report.problem?.code).toBe('payload_missing');
    const told: unknown[] = [];
    const pieces = reportText(engine, id, false, (problem) => told.push(problem));
    expect(await textOf(pieces)).toBe(`${toJsonText(report, 2)}\n`);
    assertEqual(readTypedJson(await textOf(reportText(engine, id, true))), report);
    expect(told).toEqual([report.problem]);
  });

  it('is written with a warning where it lacks values, even if nothing else is to be said', async () => {
    const { engine, id } = await runWithLosses();
    const folder = mkdtempSync(join(tmpdir(), 'handloom-report-'));
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const file = join(folder, 'report.json');
      expect(await followToEnd(engine, id, { report: file, quiet: true })).toBe(0);
      const { message } = JSON.parse(readFileSync(file, 'utf8')).problem;
      expect(said.mock.calls).toEqual([[`warning: the report is not whole: ${message}\n`]]);
    } finally {
      said.mockRestore();
      rmSync(folder, { recursive: true });
    }
  });

  it('is typed JSON also where a node is called $type', async () => {
    const { engine, id } = await runGraph(graph({ $type: [new Date(0)] }, ['$type']));
    const typed = await textOf(reportText(engine, id, true));
    expect(typed).toBe(`${toTypedText(await engine.report(id), 2)}\n`);
    assertEqual((readTypedJson(typed) as { outputs: object }).outputs, { $type: [new Date(0)] });
  });
});
