/** Graphs, node types and the API's description of itself. */
import type { Client } from '../../src/api/client.ts';
import { encodeSyncFrame } from '../../src/api/sync-frame.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { equal, ok } from './assert.ts';
import { addSquare, code, graphOf } from './sample-graphs.ts';
import type { Cases, SuiteTools } from './suite-tools.ts';

export const graphCases = ({ client, raw, runToEnd, problem, refusal, host }: SuiteTools): Cases => ({
  async 'says what it is'() {
    const health = await client.health();
    equal([health.status, health.host], ['ok', host], 'health');
    ok(health.parallelism >= 1 && health.version !== '', 'parallelism and version');
  },

  async 'describes its node types'() {
    const types = await client.nodeTypes();
    const wanted = [
      'code.js',
      'flow.source',
      'flow.split',
      'flow.route',
      'flow.filter',
      'flow.collect',
      'flow.reduce',
      'math.expression',
      'math.arithmetic',
      'math.aggregate',
      'io.read',
      'io.write',
    ];
    equal(
      wanted.filter((type) => !types.some((known) => known.type === type)),
      [],
      'missing types',
    );
    for (const type of types) {
      ok(
        type.title.en && type.title.zh && type.summary.en && type.icon,
        `${type.type} has texts and an icon`,
      );
      equal(type.params.type, 'object', `params of ${type.type}`);
      ok(type.examples.length > 0, `${type.type} has examples`);
    }
    const route = types.find((type) => type.type === 'flow.route');
    ok(route?.dynamicOutputs, 'the ports of flow.route follow its params');
  },

  async 'has an OpenAPI document and readable docs'() {
    const document = await (await raw('/openapi.json')).json();
    equal(document.openapi, '3.1.0', 'version');
    ok(Object.keys(document.paths).length >= 15, 'its paths');
    const docs = await (await raw('/docs')).text();
    ok(docs.includes('<h1>') && !docs.includes('<script'), 'docs are a page without scripts');
  },

  async 'keeps, changes, lists and deletes graphs'() {
    const graph = { ...addSquare(), name: `kept ${Math.random()}`, mine: { keep: [1, null, 'é'] } };
    const stored = await client.createGraph(graph);
    ok(stored.id && stored.createdAt && stored.updatedAt, 'id and times');
    const { id, createdAt: _, updatedAt: __, ...document } = await client.getGraph(stored.id);
    equal(document, graph, 'the graph as it was sent');
    ok(
      (await client.listGraphs()).items.some(
        (item) => item.id === id && item.nodes === 2 && item.edges === 1,
      ),
      'it is listed',
    );

    const changed = { ...document, name: 'changed', nodes: document.nodes.slice(0, 1), edges: [] } as Graph;
    equal((await client.replaceGraph(id, changed)).nodes.length, 1, 'nodes after the change');
    equal((await client.getGraph(id)).name, 'changed', 'name after the change');
    await client.deleteGraph(id);
    await problem(await raw(`/graphs/${id}`), 404, 'graph_not_found');
    await problem(await raw(`/graphs/${id}`, { method: 'DELETE' }), 404, 'graph_not_found');
  },

  async 'analyses a document, and a kept graph by the work of a run'() {
    const { id: graphId, id: _, ...kept } = await client.createGraph(addSquare());
    const analysis = await client.getGraphAnalysis(graphId);
    equal(
      analysis,
      {
        nodes: 2,
        edges: 1,
        acyclic: true,
        kind: 'chain',
        components: [{ kind: 'chain', nodes: ['add', 'square'] }],
        cycles: [],
        layers: [['add'], ['square']],
        sources: ['add'],
        sinks: ['square'],
        criticalPath: { nodes: ['add', 'square'], length: 2, measure: 'nodes' },
      },
      'a chain',
    );
    equal(await client.analyzeGraph(kept), analysis, 'the same document');

    const slow = '(x) => { const until = Date.now() + 30; while (Date.now() < until); return x; }';
    const busy = graphOf(
      'busy',
      [code('start', '(x) => x'), code('quick', '(x) => x'), code('quicker', '(x) => x'), code('slow', slow)],
      [
        { source: 'start', target: 'quick' },
        { source: 'quick', target: 'quicker' },
        { source: 'start', target: 'slow' },
      ],
      { start: [1, 2] },
    );
    const run = await runToEnd(busy);
    equal(
      (await client.getGraphAnalysis(run.graphId)).criticalPath.nodes,
      ['start', 'quick', 'quicker'],
      'nodes',
    );
    const { criticalPath } = await client.getGraphAnalysis(run.graphId, { run: run.id });
    equal(
      [criticalPath.nodes, criticalPath.measure],
      [['start', 'slow'], 'ms'],
      'the way with the most work',
    );
    ok(criticalPath.length > 50, `${criticalPath.length} ms of work`);
    equal(
      (await client.analyzeGraph(busy, { run: run.id })).criticalPath,
      criticalPath,
      'the same for the document',
    );

    const loop = { ...busy, edges: [...busy.edges, { source: 'slow', target: 'start' }] };
    const cyclic = await client.analyzeGraph({
      ...loop,
      nodes: loop.nodes.map((node) => ({ ...node, type: 'no.such' })),
    });
    equal(
      [cyclic.acyclic, cyclic.kind, cyclic.cycles, cyclic.layers],
      [false, 'cyclic', [['start', 'slow']], [['start', 'slow'], ['quick'], ['quicker']]],
      'a cycle, of unknown types',
    );
    equal(await refusal(client.getGraphAnalysis('nowhere')), 'graph_not_found', 'a graph that is not there');
    equal(
      await refusal(client.analyzeGraph(busy, { run: 'none' })),
      'run_not_found',
      'a run that is not there',
    );
  },

  async 'pages through lists'() {
    for (let i = 0; i < 3; i++) await client.createGraph({ ...addSquare(), name: `page ${i}` });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Client['listGraphs']>> = await client.listGraphs({
        limit: 2,
        ...(cursor && { cursor }),
      });
      ok(page.items.length <= 2, 'the limit holds');
      seen.push(...page.items.map((item) => item.id));
      cursor = page.nextCursor;
    } while (cursor);
    ok(seen.length >= 3 && new Set(seen).size === seen.length, 'each graph once');
  },

  async 'takes unfinished graphs from editors'() {
    const { id } = await client.createGraph(addSquare());
    // An empty update and an empty state: the answer is the whole document.
    const nothing = { vector: new Uint8Array([0]), update: new Uint8Array() };
    ok((await client.syncGraph(id, nothing)).byteLength > 50, 'the whole document');
    const headers = { 'content-type': 'application/octet-stream' };
    const broken = await raw(`/graphs/${id}/sync`, { method: 'POST', headers, body: new Uint8Array([9]) });
    await problem(broken, 400, 'bad_sync_frame');
    const garbage = encodeSyncFrame({
      vector: new Uint8Array([0]),
      update: new Uint8Array([255, 255, 255, 1]),
    });
    const refused = await raw(`/graphs/${id}/sync`, { method: 'POST', headers, body: garbage });
    equal(refused.status, 400, 'an update that is none');
    equal((await client.getGraph(id)).name, 'add then square', 'the graph is unharmed');
    equal(
      await refusal(client.syncGraph('nowhere', nothing)),
      'graph_not_found',
      'a graph that is not there',
    );
  },

  async 'tells editors of changes'() {
    const { id } = await client.createGraph(addSquare());
    const leave = new AbortController();
    const update = new Promise<Uint8Array>((resolve) => {
      let connected = false;
      void client.followGraph(id, resolve, () => {}, {
        signal: leave.signal,
        onRetry: () => {
          connected = false;
        },
      });
      // Changes until one is heard, since only the server knows when it began to listen.
      void (async () => {
        for (let i = 0; !connected && !leave.signal.aborted && i < 100; i++) {
          await client.replaceGraph(id, { ...addSquare(), name: `change ${i}` });
        }
      })();
    });
    ok((await update).byteLength > 0, 'an update');
    leave.abort();
  },

  async 'keeps files'() {
    const path = `notes/a ü ${Math.random()}.csv`;
    await client.writeFile(path, 'a,b\n1,2\n');
    equal(new TextDecoder().decode(await client.readFile(path)), 'a,b\n1,2\n', 'its content');
    const listed = (await client.listFiles({ prefix: 'notes/' })).items;
    equal(listed.find((file) => file.path === path)?.bytes, 8, 'it is listed');
    await client.deleteFile(path);
    equal(await refusal(client.readFile(path)), 'file_not_found', 'it is gone');
    await problem(await raw('/files/..%2F..%2Fetc%2Fpasswd'), 400, 'path_refused');
  },
});
