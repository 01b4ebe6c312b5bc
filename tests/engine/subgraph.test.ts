import { describe, expect, test } from 'vitest';
import { validateGraph } from '../../src/engine/graph/validate.ts';
import { warningsOf } from '../../src/engine/graph/warnings.ts';
import type { ValidationError } from '../../src/errors.ts';
import { compile } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import type { Graph, GraphEdge, GraphNode } from '../../src/schema/graph.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

const subgraph = (id: string, within: Graph, rest: Partial<GraphNode> = {}): GraphNode => ({
  id,
  type: 'flow.subgraph',
  params: { graph: within },
  ...rest,
});
const sorted = (values: unknown[] | undefined) => values?.toSorted((a, b) => Number(a) - Number(b));

describe('what goes in and out', () => {
  test('a value goes to every node within that no edge leads to, and what the last nodes give goes on', async () => {
    const within = graph([code('a', '(n) => n + 1'), code('b', '(n) => n * 10'), code('c')], {}, [
      edge('a', 'c'),
    ]);
    const { report } = await runGraph(
      graph([code('x'), subgraph('S', within), code('y')], { x: [1, 2], S: [3] }, [
        edge('x', 'S'),
        edge('S', 'y'),
      ]),
    );
    expect(sorted(report.outputs.y)).toEqual([2, 3, 4, 10, 20, 30]);
    expect(Object.keys(report.outputs)).toEqual(['y']);
    expect(Object.keys(report.nodes)).toEqual(['x', 'S', 'S/a', 'S/b', 'S/c', 'y']);
    expect(report.nodes.S).toMatchObject({ input: 3, succeeded: 3, pending: 0 });
    expect(report.edges).toEqual([2, 6]);
  });

  test('what an end of the graph gives is output under its own id, however deep it lies', async () => {
    const deep = subgraph('T', graph([code('x', '(n) => -n')]));
    const { report } = await runGraph(graph([subgraph('S', graph([deep]))], { S: [1, 2] }));
    expect(sorted(report.outputs.S)).toEqual([-2, -1]);
    expect(Object.keys(report.nodes)).toEqual(['S', 'S/T', 'S/T/x']);
  });

  const source = (items: unknown[]): GraphNode => ({ id: 's', type: 'flow.source', params: { items } });

  test('a source within is started by each value when there is nothing else for it to go to', async () => {
    const within = graph([source([1, 2]), code('a')], {}, [edge('s', 'a')]);
    const { report } = await runGraph(graph([subgraph('S', within)], { S: ['x', 'y'] }));
    expect(sorted(report.outputs.S)).toEqual([1, 1, 2, 2]);
  });

  test('a source within starts by itself when nothing leads to the subgraph, or values go elsewhere', async () => {
    const alone = graph([source([1, 2]), code('a')], {}, [edge('s', 'a')]);
    expect(sorted((await runGraph(graph([subgraph('S', alone)]))).report.outputs.S)).toEqual([1, 2]);
    const beside = graph([source([1, 2]), code('a'), code('b')], {}, [edge('s', 'b'), edge('a', 'b')]);
    const { report } = await runGraph(graph([subgraph('S', beside)], { S: [3, 4] }));
    expect(sorted(report.outputs.S)).toEqual([1, 2, 3, 4]);
  });

  test('inputs within are given once, and a collection waits for all values of the run', async () => {
    const within = graph([code('a'), code('own'), { id: 'c', type: 'flow.collect' }], { own: ['own'] }, [
      edge('a', 'c'),
      edge('own', 'c'),
    ]);
    const { report } = await runGraph(graph([subgraph('S', within)], { S: numbers(50) }), 3);
    expect(report.outputs.S).toHaveLength(1);
    expect(new Set(report.outputs.S?.[0] as unknown[])).toEqual(new Set(['own', ...numbers(50)]));
  });

  test('a node within that has inputs of its own takes values in when there is no other', async () => {
    const within = graph([code('a'), code('b')], { a: [1] }, [edge('a', 'b')]);
    const { report } = await runGraph(graph([subgraph('S', within)], { S: [2] }));
    expect(sorted(report.outputs.S)).toEqual([1, 2]);
  });

  test('inputs of the document may name a node within, and replace its own', async () => {
    const within = graph([code('a'), code('b')], { b: [1] });
    const { report } = await runGraph(graph([subgraph('S', within)], { 'S/b': [7] }));
    expect(report.outputs.S).toEqual([7]);
  });

  test('failed tasks within go to the error port of the subgraph, but for those that are taken up within', async () => {
    const fail = (name: string) => `(n) => { throw new RangeError("${name}"); }`;
    const within = graph(
      [code('a', fail('a')), code('b', fail('b')), code('rescue', '() => "rescued"')],
      {},
      [edge('b', 'rescue', 'error')],
    );
    const { report } = await runGraph(
      graph([subgraph('S', within), code('e', '({ error }) => error.message'), code('y')], { S: [1] }, [
        edge('S', 'e', 'error'),
        edge('S', 'y'),
      ]),
    );
    expect(report.outputs).toMatchObject({ e: ['a'], y: ['rescued'] });
    expect(report.errors.map(({ node }) => node).toSorted()).toEqual(['S/a', 'S/b']);
  });
});

describe('when nodes within run', () => {
  test('a staged graph within lets each of its nodes wait for those before it', async () => {
    const within: Graph = {
      ...graph([code('a'), code('b')], {}, [edge('a', 'b')]),
      settings: { schedule: 'staged' },
    };
    const { executor } = await runGraph(graph([subgraph('S', within)], { S: numbers(200) }));
    const last = executor.begun.findLastIndex((task) => task.node === 'S/a');
    expect(executor.begun.findIndex((task) => task.node === 'S/b')).toBeGreaterThan(last);
  });

  test('a staged subgraph takes nothing in until what is upstream of it has ended', async () => {
    const within = graph([subgraph('T', graph([code('a')]))]);
    const staged = subgraph('S', within, { policy: { start: 'staged' } });
    const { executor } = await runGraph(graph([code('x'), staged], { x: numbers(200) }, [edge('x', 'S')]));
    const last = executor.begun.findLastIndex((task) => task.node === 'x');
    expect(executor.begun.findIndex((task) => task.node === 'S/T/a')).toBeGreaterThan(last);
  });

  test('a queue limit within holds back what feeds the subgraph', async () => {
    const limited = code('a', '(n) => n', { policy: { queueLimit: 10, mode: 'serial' } });
    const { engine, clock } = simulatedEngine(1);
    const { id } = await engine.start(
      graph([code('x'), subgraph('S', graph([limited]))], { x: numbers(300) }, [edge('x', 'S')]),
    );
    let longest = 0;
    await engine.subscribe(id, ({ run }) => {
      longest = Math.max(longest, run.nodes['S/a']?.pending ?? 0);
    });
    await clock.until(engine.ended(id));
    expect((await engine.summary(id)).nodes['S/a']?.succeeded).toBe(300);
    expect(longest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(10);
  });
});

describe('while it runs, and afterwards', () => {
  test('tasks can be added to the subgraph and to a node within it', async () => {
    const { engine, clock } = simulatedEngine(1);
    const within = graph([code('a', '(n) => n + 1'), code('b', '(n) => n * 2')], {}, [edge('a', 'b')]);
    const { id } = await engine.start(graph([subgraph('S', within)]), { keepOpen: true });
    await engine.inject(id, { S: [1] });
    await engine.inject(id, { 'S/b': [10] });
    await expect(engine.inject(id, { 'S/z': [1] })).rejects.toMatchObject({ code: 'unknown_node' });
    await engine.close(id);
    await clock.until(engine.ended(id));
    expect(sorted((await engine.report(id)).outputs.S)).toEqual([4, 20]);
  });

  test('failed tasks within are tried again, and what comes of them leaves the subgraph', async () => {
    const { engine, clock } = simulatedEngine(1);
    const flaky = '(n, ctx) => { if (ctx.attempt === 1) throw new RangeError("first"); return n; }';
    const { id } = await engine.start(
      graph([subgraph('S', graph([code('a', flaky)])), code('y')], { S: [5] }, [edge('S', 'y')]),
    );
    await clock.until(engine.ended(id));
    const before = await engine.report(id);
    expect(before).toMatchObject({ status: 'partial', nodes: { 'S/a': { failed: 1 }, S: { failed: 0 } } });
    expect(await engine.retry(id, { node: 'S/a' })).toBe(1);
    await clock.until(engine.ended(id));
    expect(await engine.report(id)).toMatchObject({ status: 'succeeded', outputs: { y: [5] } });
  });

  test('lineage leads through the subgraph', async () => {
    const within = graph([code('a')]);
    const { engine, id } = await runGraph(
      graph([code('x'), subgraph('S', within), code('y')], { x: [1] }, [edge('x', 'S'), edge('S', 'y')]),
    );
    const { items } = await engine.tasks(id, { node: 'y' });
    const up = await engine.lineage(id, items[0]?.id as string, { direction: 'ancestors' });
    expect(up.items.map(({ node }) => node)).toEqual(['x', 'S', 'S/a']);
    const down = await engine.lineage(id, '1', { direction: 'descendants' });
    expect(down.items.map(({ node }) => node)).toEqual(['S', 'S/a', 'y']);
    expect((await engine.tasks(id, { node: 'S/a' })).items).toHaveLength(1);
  });
});

describe('what cannot run is named with its place', () => {
  const issuesOf = async (document: unknown) => {
    try {
      await validateGraph(document, registry, { compile });
      return [];
    } catch (error) {
      return (error as ValidationError).issues;
    }
  };

  test('a param of a node two graphs deep', async () => {
    const within = graph([code('ok'), subgraph('T', graph([code('bad', '(n) => {')]))]);
    const [issue, ...more] = await issuesOf(graph([code('x'), subgraph('S', within)]));
    expect(more).toEqual([]);
    expect(issue).toMatchObject({
      code: 'code_syntax',
      node: 'S/T/bad',
      field: 'code',
      path: ['nodes', 1, 'params', 'graph', 'nodes', 1, 'params', 'graph', 'nodes', 0, 'params', 'code'],
      message: expect.stringMatching(/^Node "S\/T\/bad", code, line 1: /),
    });
  });

  test.each([
    ['no graph yet', subgraph('S', undefined as never), 'invalid_params', ['params', 'graph']],
    [
      'something else',
      subgraph('S', { format: 'x' } as never),
      'unknown_format',
      ['params', 'graph', 'format'],
    ],
    [
      'no nodes',
      subgraph('S', { ...graph([]), nodes: undefined } as never),
      'invalid_field',
      ['params', 'graph', 'nodes'],
    ],
    [
      'an unknown type',
      subgraph('S', graph([{ id: 'a', type: 'no.such' }])),
      'unknown_node_type',
      ['params', 'graph', 'nodes', 0, 'type'],
    ],
    [
      'a loose edge',
      subgraph('S', graph([code('a')], {}, [edge('a', 'z')])),
      'unknown_node',
      ['params', 'graph', 'edges', 0, 'target'],
    ],
    [
      'a staged cycle',
      subgraph('S', { ...graph([code('a')], {}, [edge('a', 'a')]), settings: { schedule: 'staged' } }),
      'staged_cycle',
      ['params', 'graph', 'settings', 'schedule'],
    ],
  ])('%s', async (_, node, expected, path) => {
    const issues = await issuesOf(graph([node]));
    expect(issues.map((issue) => issue.code)).toEqual([expected]);
    expect(issues[0]).toMatchObject({ path: ['nodes', 0, ...path] });
    expect(issues[0]?.node?.split('/')[0]).toBe('S');
  });

  test('a cycle within a staged graph', async () => {
    const cycle = graph([code('a'), code('b')], {}, [edge('a', 'b'), edge('b', 'b')]);
    const issues = await issuesOf({ ...graph([subgraph('S', cycle)]), settings: { schedule: 'staged' } });
    expect(issues.map((issue) => issue.code)).toEqual(['staged_cycle']);
  });

  test('a node called like one within a subgraph', async () => {
    const issues = await issuesOf(graph([code('S/a'), subgraph('S', graph([code('a')]))]));
    expect(issues.map((issue) => issue.code)).toEqual(['node_id_clash']);
    expect(await issuesOf(graph([code('S/b'), subgraph('S', graph([code('a')]))]))).toEqual([]);
  });

  test('a subgraph that values cannot come into', async () => {
    const cycle = graph([code('a'), code('b')], {}, [edge('a', 'b'), edge('b', 'a')]);
    const fed = graph([subgraph('S', graph([subgraph('T', cycle)]))], { S: [1] });
    const issues = await issuesOf(fed);
    expect(issues).toMatchObject([
      {
        code: 'subgraph_no_entry',
        node: 'S/T',
        path: ['nodes', 0, 'params', 'graph', 'nodes', 0, 'params', 'graph'],
      },
    ]);
    expect(await issuesOf({ ...fed, inputs: {} })).toEqual([]);
    const empty = graph([subgraph('S', graph([]))], { S: [1] });
    expect(await issuesOf(empty)).toMatchObject([
      { code: 'subgraph_no_entry', message: expect.stringContaining('it has no nodes') },
    ]);
  });

  test('subgraphs deeper than anybody needs', async () => {
    const nest = (depth: number): Graph =>
      depth === 0 ? graph([code('a')]) : graph([subgraph('S', nest(depth - 1))]);
    expect(await issuesOf(nest(16))).toEqual([]);
    expect((await issuesOf(nest(17))).map((issue) => issue.code)).toEqual(['subgraph_too_deep']);
    expect((await issuesOf(nest(5000))).map((issue) => issue.code)).toEqual(['subgraph_too_deep']);
  });
});

describe('a word to what lies within', () => {
  const failing = "(n, ctx) => { if (ctx.attempt < 2) throw new Error('no'); return n; }";

  test('failed tasks within a subgraph are tried again under its name', async () => {
    const deep = subgraph('T', graph([code('y', failing)]));
    const within = graph([code('x', failing), deep]);
    const nodes = [subgraph('S', within), code('S/z', failing), code('a', failing)];
    const { engine, clock, id } = await runGraph(graph(nodes, { S: [1], 'S/z': [1], a: [1] }));
    expect(await engine.retry(id, { node: 'S/T' })).toBe(1);
    await clock.until(engine.ended(id));
    expect(await engine.retry(id, { node: 'S' })).toBe(1);
    await clock.until(engine.ended(id));
    const { nodes: counters } = await engine.report(id);
    expect([counters['S/x'], counters['S/T/y']]).toMatchObject([{ succeeded: 1 }, { succeeded: 1 }]);
    // Of that name, and not within.
    expect([counters['S/z'], counters.a]).toMatchObject([{ failed: 1 }, { failed: 1 }]);
  });

  const line = graph([code('x', '(n) => n + 1'), code('y', '(n) => n * 10')], { y: [0] }, [edge('x', 'y')]);
  const around = (edges: GraphEdge[]) =>
    graph([code('a'), subgraph('S', line), code('b', '(n) => -n')], { a: [1, 2] }, edges);

  test('a run begins within a subgraph', async () => {
    const { engine, clock, id } = await runGraph(around([edge('a', 'S'), edge('S', 'b')]));
    const rerun = async (node: string, only = false) => {
      const again = await engine.rerun(id, { node, only });
      await clock.until(engine.ended(again.id));
      return engine.report(again.id);
    };
    const again = await rerun('S/y');
    expect(Object.keys(again.nodes)).toEqual(['S', 'S/y', 'b']);
    expect(sorted(again.outputs.b)).toEqual([-30, -20, -0]);
    const alone = await rerun('S/x', true);
    expect([Object.keys(alone.nodes), sorted(alone.outputs.S)]).toEqual([
      ['S', 'S/x'],
      [2, 3],
    ]);
    const own = await engine.start(around([edge('a', 'S'), edge('S', 'b')]), { from: 'S/y' });
    await clock.until(engine.ended(own.id));
    expect((await engine.report(own.id)).outputs.b).toEqual([-0]);
    const given = await engine.start(around([]), { from: 'S/x', inputs: { 'S/x': [4] } });
    await clock.until(engine.ended(given.id));
    expect((await engine.report(given.id)).outputs.S).toEqual([50]);
  });

  test('and not where what it gives would come back to the subgraph', async () => {
    const ring = graph(
      [subgraph('S', line), { id: 'b', type: 'flow.filter', params: { code: '(n) => n < 0' } }],
      { S: [1] },
      [edge('S', 'b'), edge('b', 'S')],
    );
    const { engine, clock, id } = await runGraph(ring);
    await expect(engine.rerun(id, { node: 'S/y' })).rejects.toMatchObject({ code: 'from_within_cycle' });
    await expect(engine.rerun(id, { node: 'S/none' })).rejects.toMatchObject({ code: 'unknown_node' });
    const alone = await engine.rerun(id, { node: 'S/y', only: true });
    await clock.until(engine.ended(alone.id));
    expect(sorted((await engine.report(alone.id)).outputs.S)).toEqual([0, 20]);
  });

  test('a policy that says nothing at a subgraph is warned of', () => {
    const policy = { dedupe: true, start: 'staged', workers: 2, retry: { max: 1 } } as const;
    const inner = subgraph('T', graph([code('y')]), { policy: { cache: true } });
    const nodes = [code('a', '(n) => n', { policy }), subgraph('S', graph([inner]), { policy })];
    expect(warningsOf(graph(nodes), registry)).toMatchObject([
      { code: 'policy_without_effect', node: 'S', path: ['nodes', 1, 'policy', 'workers'] },
      { node: 'S', field: 'policy.retry' },
      { node: 'S/T', path: ['nodes', 1, 'params', 'graph', 'nodes', 0, 'policy', 'cache'] },
    ]);
  });

  test('a field that nobody reads is warned of, wherever it stands', () => {
    const policy = { retries: 3, retry: { max: 1, delay: 10 }, rateLimit: { count: 1, perMs: 1, per: 1 } };
    const within = graph([code('y', '(n) => n', { policy: { onEror: 'stop' } as GraphNode['policy'] })]);
    const a = { ...code('a', '(n) => n', { policy }), params: { code: '(n) => n', codee: 1 } };
    const settings = { schedul: 'staged', capabilities: { network: ['*'] } };
    const document = { ...graph([a, subgraph('S', within)]), settings } as unknown as Graph;
    expect(warningsOf(document, registry)).toMatchObject([
      { code: 'unknown_field', path: ['settings', 'schedul'], message: expect.not.stringContaining('Node') },
      { field: 'settings.capabilities.network' },
      { node: 'a', path: ['nodes', 0, 'params', 'codee'] },
      { code: 'unknown_field', node: 'a', path: ['nodes', 0, 'policy', 'retries'] },
      { field: 'policy.retry.delay', path: ['nodes', 0, 'policy', 'retry', 'delay'] },
      { field: 'policy.rateLimit.per' },
      { node: 'S/y', field: 'policy.onEror' },
    ]);
  });
});
