/**
 * What the API does on every host, as plain functions: the same cases run against Node over HTTP, and in a page
 * against the service worker and the engine's port. No test runner in here.
 */
import { type Client, createClient } from '../../src/api/client.ts';
import type { RunProgress } from '../../src/api/services.ts';
import { encodeSyncFrame } from '../../src/api/sync-frame.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { equal, ok } from './assert.ts';
import { badGraphs, hugeNesting, twiceBad } from './bad-graphs.ts';

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface ApiSuiteOptions {
  fetch: Fetch;
  /** Such as `http://127.0.0.1:8000/api`, or `/api` in a page. */
  base: string;
  host: 'browser' | 'node';
}

export interface ApiCase {
  name: string;
  /** Rejects with what was not as it should be. */
  run(): Promise<void>;
}

const code = (id: string, text: string, more: object = {}) => ({
  id,
  type: 'code.js',
  params: { code: text },
  ...more,
});
const graphOf = (
  name: string,
  nodes: Graph['nodes'],
  edges: Graph['edges'] = [],
  inputs: Graph['inputs'] = {},
): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name,
  nodes,
  edges,
  inputs,
});
const addSquare = () =>
  graphOf(
    'add then square',
    [
      { id: 'add', type: 'code.js', params: { code: '(x, y) => x + y', spread: true } },
      code('square', '(x) => x * x'),
    ],
    [{ source: 'add', target: 'square' }],
    {
      add: [
        [1, 2],
        [3, 4],
      ],
    },
  );
const endless = () => graphOf('endless', [code('spin', '() => { for (;;); }')], [], { spin: [1, 2] });

export function apiCases({ fetch, base, host }: ApiSuiteOptions): ApiCase[] {
  const client: Client = createClient(fetch, base);
  const raw = (path: string, init?: RequestInit) => fetch(base + path, init);
  const post = (path: string, body: string) =>
    raw(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

  /** Runs a graph to its end; gives its id and all that was told meanwhile. */
  const runToEnd = async (graph: Graph, inputs?: Record<string, unknown[]>) => {
    const stored = await client.createGraph(graph);
    const { id } = await client.startRun(stored.id, inputs ? { inputs } : {});
    const told: RunProgress[] = [];
    await client.followRun(id, (progress) => told.push(progress));
    return { id, graphId: stored.id, told };
  };
  const problem = async (answer: Response, status: number, code: string) => {
    const body = await answer.json();
    equal([answer.status, body.code, body.status], [status, code, status], `${answer.url} ${body.detail}`);
    ok(
      answer.headers.get('content-type')?.startsWith('application/problem+json'),
      'The content type is problem+json',
    );
    ok(!/\n\s+at /.test(JSON.stringify(body)), 'There is a stack trace in it');
    return body;
  };
  const refusal = async (doing: Promise<unknown>) => {
    try {
      await doing;
    } catch (error) {
      return (error as { code: string }).code;
    }
    throw new Error('It was not refused');
  };

  const cases: Record<string, () => Promise<void>> = {
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

    async 'runs a graph to its end and reports it'() {
      const { id, graphId, told } = await runToEnd(addSquare());
      const report = await client.getRun(id);
      equal(
        [report.status, report.graph, report.graphId],
        ['succeeded', 'add then square', graphId],
        'report',
      );
      equal([...(report.outputs.square ?? [])].sort(), [49, 9], 'outputs');
      equal(report.errors, [], 'errors');
      for (const node of ['add', 'square']) {
        const { input, succeeded, pending, running } = report.nodes[node] ?? {};
        equal([input, succeeded, pending, running], [2, 2, 0, 0], `counters of ${node}`);
      }
      ok(report.startedAt && report.finishedAt && report.createdAt <= report.finishedAt, 'times');
      equal(told.at(-1)?.run.status, 'succeeded', 'the last event shows the end');
      const seqs = told.map((progress) => progress.seq);
      equal(
        seqs,
        [...seqs].sort((a, b) => a - b),
        'sequence numbers rise',
      );
      equal(told.at(-1)?.edges, [2], 'results along the edge');

      ok(
        (await client.listRuns({ graph: graphId })).items.some((run) => run.id === id),
        'listed by graph',
      );
      ok(
        (await client.listRuns({ status: 'succeeded' })).items.some((run) => run.id === id),
        'listed by status',
      );
      equal(
        (await client.listRuns({ graph: graphId, status: 'failed' })).items,
        [],
        'not listed by another status',
      );
      equal((await client.getRunGraph(id)).nodes, addSquare().nodes, 'the graph it ran');
      ok((await client.statistics()).runs.succeeded >= 1, 'counted');
    },

    async 'runs with other inputs'() {
      const { id } = await runToEnd(addSquare(), { add: [[10, 20]] });
      const report = await client.getRun(id);
      equal(report.outputs, { square: [900] }, 'outputs');
      equal((await client.getRunGraph(id)).inputs, { add: [[10, 20]] }, 'inputs of the document');
    },

    async 'lists tasks, outputs and errors, page by page'() {
      const inputs = Array.from({ length: 250 }, (_, i) => i);
      const text = "(n) => { if (n % 5 === 0) throw new RangeError('fifth ' + n); return n; }";
      const { id } = await runToEnd(graphOf('fifths', [code('f', text)], [], { f: inputs }));
      const report = await client.getRun(id);
      equal(report.status, 'partial', 'status');
      equal(
        [report.outputs.f?.length, typeof report.outputCursors?.f],
        [100, 'string'],
        'outputs are capped',
      );
      equal([report.errors.length, report.errorCursor], [50, undefined], 'errors');
      equal(
        [report.errors[0]?.name, report.errors[0]?.message.slice(0, 6)],
        ['RangeError', 'fifth '],
        'an error',
      );

      const all = async <T>(
        read: (page: {
          limit: number;
          cursor?: string;
        }) => Promise<{ items: T[]; nextCursor: string | null }>,
      ) => {
        const items: T[] = [];
        let cursor: string | null = null;
        do {
          const page: { items: T[]; nextCursor: string | null } = await read({
            limit: 33,
            ...(cursor && { cursor }),
          });
          items.push(...page.items);
          cursor = page.nextCursor;
        } while (cursor);
        return items;
      };
      const outputs = (await all((page) => client.listOutputs(id, { node: 'f', ...page }))) as number[];
      equal(
        outputs.sort((a, b) => a - b),
        inputs.filter((n) => n % 5 !== 0),
        'every output once',
      );
      const rest = await client.listOutputs(id, { node: 'f', limit: 1000, cursor: report.outputCursors?.f });
      equal(rest.items.length, 100, "the report's cursor goes on where it stopped");
      const tasks = await all((page) => client.listTasks(id, page));
      equal([tasks.length, new Set(tasks.map((task) => task.id)).size], [250, 250], 'every task once');
      const failed = await all((page) => client.listTasks(id, { status: 'failed', node: 'f', ...page }));
      equal([failed.length, failed[0]?.error?.name], [50, 'RangeError'], 'failed tasks');
      const task = await client.getTask(id, failed[0]?.id ?? '');
      equal(
        [task.status, task.node, (task.payload as number) % 5, task.attempts],
        ['failed', 'f', 0, 1],
        'a task',
      );
      const found = await all((page) => client.listErrors(id, { q: 'fifth 24', ...page }));
      equal(found.map((error) => error.message).sort(), ['fifth 240', 'fifth 245'], 'errors by text');
      equal(found[0]?.payload !== undefined, true, 'an error keeps its payload');
      await problem(await raw(`/runs/${id}/tasks/none`), 404, 'task_not_found');
      await problem(await raw(`/runs/${id}/outputs?node=ghost`), 400, 'unknown_node');
    },

    async 'cancels an endless loop within a second, and deletes only what has ended'() {
      const { id: graphId } = await client.createGraph(endless());
      const { id } = await client.startRun(graphId);
      const running = new Promise<void>((resolve) => {
        void client.followRun(id, ({ run }) => {
          if ((run.nodes.spin?.running ?? 0) > 0) resolve();
        });
      });
      await running;
      equal(await refusal(client.deleteRun(id)), 'run_live', 'deleting a live run');
      const began = performance.now();
      await client.cancelRun(id);
      await client.followRun(id, () => {});
      const took = performance.now() - began;
      ok(took < 1000, `It took ${took} ms to cancel`);
      const report = await client.getRun(id);
      equal(
        [report.status, report.nodes.spin?.cancelled, report.nodes.spin?.running],
        ['cancelled', 2, 0],
        'report',
      );
      equal(await refusal(client.cancelRun(id)), 'run_ended', 'cancelling again');
      await client.deleteRun(id);
      equal(await refusal(client.getRun(id)), 'run_not_found', 'the run is gone');
      equal(await refusal(client.deleteRun(id)), 'run_not_found', 'deleting again');
      const after = await runToEnd(addSquare());
      equal((await client.getRun(after.id)).status, 'succeeded', 'the workers are well');
    },

    async 'goes on with events after the last one seen'() {
      const { id, told } = await runToEnd(addSquare());
      const last = told.at(-1)?.seq ?? 0;
      const answer = await raw(`/runs/${id}/events`, { headers: { 'last-event-id': String(last) } });
      ok(answer.headers.get('content-type')?.startsWith('text/event-stream'), 'an event stream');
      const text = await answer.text();
      ok(text.includes('event: progress') && text.includes('"status":"succeeded"'), 'where the run stands');
      ok(text.includes(`id: ${last}\n`), 'the id is the sequence number');
    },

    async 'writes values that JSON lacks as JSON can'() {
      const text =
        "() => ({ date: new Date(0), map: new Map([['a', 1]]), set: new Set([1, 2]), bytes: new Uint8Array([1, 2]), big: 2n ** 70n, nan: NaN, none: undefined })";
      const { id } = await runToEnd(graphOf('values', [code('v', text)], [], { v: [1] }));
      const [value] = (await client.listOutputs(id)).items;
      equal(
        value,
        {
          date: '1970-01-01T00:00:00.000Z',
          map: { a: 1 },
          set: [1, 2],
          bytes: [1, 2],
          big: String(2n ** 70n),
          nan: null,
        },
        'the value',
      );
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

    async 'names the file that a task misses'() {
      const read = { id: 'r', type: 'io.read', params: { path: 'no/such.txt' } };
      const { id } = await runToEnd(graphOf('missing', [read], [], { r: [1] }));
      const [error] = (await client.getRun(id)).errors;
      ok(error?.message.includes('no/such.txt'), `the file's name is in: ${error?.message}`);
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

    async 'refuses every bad graph with its code and place, and keeps nothing of it'() {
      const before = (await client.listGraphs({ limit: 1000 })).items.length;
      for (const { what, text, code, names } of badGraphs) {
        const body = await problem(await post('/graphs', text), 400, code);
        const said = `${JSON.stringify(body.issues)} ${body.detail} ${body.issues.map(placeOf).join(' ')}`;
        for (const name of names)
          ok(said.includes(name), `${what}: ${JSON.stringify(name)} is not in ${said}`);
        ok(body.issues.length >= 1, `${what}: its issues`);
        const checked = await post('/graphs/validate', text);
        if (checked.status === 200) equal((await checked.json()).valid, false, `${what}: validate`);
        else await problem(checked, 400, code);
      }
      const twice = await problem(await post('/graphs', twiceBad), 400, 'invalid_graph');
      equal(
        twice.issues.map((issue: { node: string }) => issue.node).sort(),
        ['a', 'b'],
        'nodes with issues',
      );
      equal((await client.listGraphs({ limit: 1000 })).items.length, before, 'graphs kept');
      equal(({} as { polluted?: boolean }).polluted, undefined, 'nothing is polluted');
      equal(await client.validateGraph(addSquare()), { valid: true, issues: [] }, 'a good graph');
    },

    async 'refuses 50 MB of nesting'() {
      const body = await problem(await post('/graphs', hugeNesting()), 400, 'too_deep');
      ok(body.detail.length < 500, 'the answer is short');
    },

    async 'refuses bad requests with a code and the field'() {
      const { id } = await runToEnd(addSquare());
      for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=-1']) {
        const body = await problem(await raw(`/runs?${query}`), 400, 'invalid_parameter');
        equal(body.issues[0].field, 'limit', 'field');
      }
      for (const path of [
        '/runs',
        '/graphs',
        `/runs/${id}/tasks`,
        `/runs/${id}/outputs`,
        `/runs/${id}/errors`,
      ]) {
        await problem(await raw(`${path}?cursor=%7Bbad%7D`), 400, 'bad_cursor');
      }
      await problem(await raw('/runs/none'), 404, 'run_not_found');
      await problem(await raw('/runs/none/tasks'), 404, 'run_not_found');
      await problem(await raw('/runs/none/events'), 404, 'run_not_found');
      await problem(await raw('/nothing/here'), 404, 'not_found');
      await problem(await raw(`/runs/${id}/pause`, { method: 'POST' }), 404, 'not_found');
      await problem(await raw('/health', { method: 'DELETE' }), 405, 'method_not_allowed');
      await problem(await raw('/runs?graph=%ff'), 400, 'bad_encoding');
      const { id: graphId } = await client.createGraph(addSquare());
      const odd = await problem(await post(`/graphs/${graphId}/runs`, '{"inputs": 3}'), 400, 'invalid_body');
      equal(odd.issues[0].field, 'inputs', 'field');
      await problem(await post(`/graphs/${graphId}/runs`, '{"inputs": {"ghost": [1]}}'), 400, 'unknown_node');
    },
  };
  return Object.entries(cases).map(([name, run]) => ({ name, run }));
}

function placeOf({ path = [], line }: { path?: (string | number)[]; line?: number }): string {
  const place = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : key))
    .join('.')
    .replaceAll('.[', '[');
  return `${place} line ${line}`;
}
