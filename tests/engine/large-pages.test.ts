/** Pages of rows that are large: they end early, and the next one goes on from there. */
import { expect, test } from 'vitest';
import { runGraph } from './run-graph.ts';
import { code, graph } from './small-graphs.ts';

/** Texts of five million letters, one of which is larger than a page, and a small one at the end. */
const inputs = ['a', 'b', 'c', 'huge', 'd', 'e', 'f', 'small'];
const source = `(name) => (name === 'small' ? 's' : name[0]).repeat(name === 'small' ? 1 : name === 'huge' ? 20e6 : 5e6)`;
const failing = '(text) => { throw new Error("no"); }';
const serial = { policy: { mode: 'serial' as const } };

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** All rows of a list, page by page. */
async function pagesOf<T>(read: (at: { limit: number; cursor?: string }) => Promise<Page<T>>) {
  const pages: T[][] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await read({ limit: 6, ...(cursor && { cursor }) });
    pages.push(page.items);
    cursor = page.nextCursor;
  }
  return pages;
}

test('pages of large rows end early, hold one at least, and miss none', async () => {
  const nodes = [
    code('make', source, serial),
    code('keep', '(t) => t', serial),
    code('fail', failing, serial),
  ];
  const edges = ['keep', 'fail'].map((target) => ({ source: 'make', target }));
  const { engine, id } = await runGraph(graph(nodes, { make: inputs }, edges));
  const letters = (texts: unknown[]) => texts.map((text) => (text as string)[0]).join('');
  const lists: Record<string, () => Promise<string[]>> = {
    outputs: async () => (await pagesOf((at) => engine.outputs(id, { ...at, node: 'keep' }))).map(letters),
    tasks: async () =>
      (await pagesOf((at) => engine.tasks(id, { ...at, node: 'keep' }))).map((page) =>
        letters(page.map(({ payload }) => payload)),
      ),
    succeeded: async () =>
      (await pagesOf((at) => engine.tasks(id, { ...at, node: 'keep', status: 'succeeded' }))).map((page) =>
        letters(page.map(({ payload }) => payload)),
      ),
    failed: async () =>
      (await pagesOf((at) => engine.tasks(id, { ...at, status: 'failed' }))).map((page) =>
        letters(page.map(({ payload }) => payload)),
      ),
    errors: async () =>
      (await pagesOf((at) => engine.errors(id, at))).map((page) =>
        letters(page.map(({ payload }) => payload)),
      ),
  };
  for (const [list, read] of Object.entries(lists))
    expect([list, await read()]).toEqual([list, ['abc', 'h', 'defs']]);
  const report = await engine.report(id);
  // They share the room of one page, but something of each list is told.
  expect([report.errors.length, letters(report.outputs.keep ?? [])]).toEqual([3, 'a']);
  expect([Object.keys(report.outputCursors ?? {}), typeof report.errorCursor]).toEqual([['keep'], 'string']);
  expect(letters((await engine.report(id, Number.POSITIVE_INFINITY)).outputs.keep ?? [])).toBe('abchdefs');
});

test('what came of a task is told page by page, too', async () => {
  const nodes = [
    {
      id: 'many',
      type: 'flow.split',
      params: { code: `(n) => [...'abcde'].map((x) => x.repeat(n))` },
      ...serial,
    },
    code('keep', '(t) => t', serial),
  ];
  const { engine, id } = await runGraph(graph(nodes, { many: [5e6] }, [{ source: 'many', target: 'keep' }]));
  const read = (at: { limit: number; cursor?: string }) =>
    engine.lineage(id, '1', { ...at, direction: 'descendants' });
  const pages = await pagesOf(read);
  expect(pages.map((page) => page.map((task) => task.id))).toEqual([
    ['2', '3', '4'],
    ['5', '6'],
  ]);
});

test('who comes back hears of all errors since, also where their payloads fill several pages', async () => {
  const nodes = [code('make', source, serial), code('fail', failing, serial)];
  const { engine, id } = await runGraph(graph(nodes, { make: inputs }, [{ source: 'make', target: 'fail' }]));
  const { items } = await engine.errors(id, { limit: 1 });
  const heard: { task: string; payload?: unknown }[] = [];
  await engine.subscribe(id, ({ errors }) => heard.push(...errors));
  expect(heard).toHaveLength(inputs.length);
  expect(new Set(heard.map(({ task }) => task)).size).toBe(inputs.length);
  // As those that are told as they come, the later ones are told without.
  expect(heard.map(({ payload }) => typeof payload)).toEqual([
    ...Array(3).fill('string'),
    ...Array(5).fill('undefined'),
  ]);
  expect(heard[0]).toEqual(items[0]);
});
