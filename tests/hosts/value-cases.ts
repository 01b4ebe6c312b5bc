/** Payloads of every kind, over HTTP and through a run. */
import { toGraphText } from '../../src/schema/graph-file.ts';
import { toTypedText, valuesMediaType } from '../../src/schema/typed-json.ts';
import { oneOfEach } from '../contracts/cloneable.ts';
import { assertEqual } from '../contracts/deep-equal.ts';
import { equal, ok } from './assert.ts';
import { code, graphOf } from './sample-graphs.ts';
import type { Cases, SuiteTools } from './suite-tools.ts';

const same = '(x) => x';
/** Nodes of every mode in a row, and one whose tasks fail. */
const throughEverything = () =>
  graphOf(
    'values',
    [
      code('thread', same),
      { ...code('process', same), policy: { mode: 'process', workers: 1 } },
      { ...code('async', same), policy: { mode: 'async' } },
      { ...code('serial', same), policy: { mode: 'serial', dedupe: true } },
      code('fails', "() => { throw new TypeError('no'); }"),
      { id: 'collect', type: 'flow.collect' },
    ],
    [
      ['thread', 'process'],
      ['process', 'async'],
      ['async', 'serial'],
      ['thread', 'serial'],
      ['serial', 'fails'],
      ['serial', 'collect'],
    ].map(([source, target]) => ({ source: source as string, target: target as string })),
    {},
  );

export const valueCases = ({ client, raw, post, runToEnd, problem }: SuiteTools): Cases => ({
  async 'takes the file of a graph whose inputs JSON cannot say'() {
    const at = new Date(5);
    const graph = graphOf('dates', [code('a', same)], [], { a: [at, { $type: 'mine' }] });
    const { id } = await (await post('/graphs', toGraphText(graph))).json();
    equal((await client.getGraph(id)).inputs?.a, [at, { $type: 'mine' }], 'inputs');
    const wrong = toGraphText(graph).replace('"Date"', '"Fate"');
    await problem(await post('/graphs', wrong), 400, 'bad_value');
  },

  async 'computes formulas, also in workers that bring no library for it'() {
    const node = { id: 'root', type: 'math.expression', params: { expression: 'sqrt(x)' } };
    // Each worker would load it, which takes a while.
    const graph = graphOf('formula', [{ ...node, policy: { workers: 1 } }], [], {});
    const { id } = await runToEnd(graph, { root: [16, 25] });
    const { status, outputs } = await client.getRun(id);
    equal([status, outputs], ['succeeded', { root: [4, 5] }], 'roots');
  },

  async 'brings payloads of every kind through a run and back as they were'() {
    const kinds = oneOfEach();
    const { id } = await runToEnd(throughEverything(), { thread: [kinds] });
    const report = await client.getRun(id);
    equal(report.nodes.serial?.duplicate, 1, 'duplicates');
    const seen: Record<string, unknown> = {
      collected: (report.outputs.collect?.[0] as unknown[] | undefined)?.[0],
      'payload of a task': (await client.listTasks(id, { node: 'async' })).items[0]?.payload,
      'payload of an error': (await client.listErrors(id)).items[0]?.payload,
      'input of the run': (await client.getRunGraph(id)).inputs?.thread?.[0],
    };
    for (const [where, value] of Object.entries(seen)) {
      for (const [kind, expected] of Object.entries(kinds))
        assertEqual((value as typeof kinds)[kind], expected, `${where}: ${kind}`);
      assertEqual(value, kinds, where);
    }
  },

  async 'keeps inputs of every kind with a graph'() {
    const inputs = { a: [oneOfEach()] };
    const { id } = await client.createGraph(graphOf('kept values', [code('a', same)], [], inputs));
    assertEqual((await client.getGraph(id)).inputs, inputs, 'inputs of the graph');
    const run = await client.startRun(id);
    await client.followRun(run.id, () => {});
    assertEqual((await client.listOutputs(run.id)).items, inputs.a, 'outputs');
  },

  async 'takes such payloads into a live run'() {
    const { id: graph } = await client.createGraph(graphOf('open', [code('a', same)], [], {}));
    const { id } = await client.startRun(graph, { keepOpen: true });
    const payload = new Map([[new Date(5), 2n ** 70n]]);
    await client.inject(id, { a: [payload] });
    await client.closeRun(id);
    await client.followRun(id, () => {});
    assertEqual((await client.listOutputs(id)).items, [payload], 'outputs');
  },

  async 'writes values that JSON lacks as JSON can, and typed only when asked'() {
    const text =
      "() => ({ date: new Date(0), map: new Map([['a', 1]]), set: new Set([1, 2]), bytes: new Uint8Array([1, 2]), big: 2n ** 70n, nan: NaN, none: undefined })";
    const { id } = await runToEnd(graphOf('values', [code('v', text)], [], { v: [1] }));
    for (const accept of ['*/*', 'application/json', 'application/*']) {
      const answer = await raw(`/runs/${id}/outputs`, { headers: { accept } });
      ok(answer.headers.get('content-type')?.startsWith('application/json'), 'plain JSON');
      equal(
        (await answer.json()).items[0],
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
    }
    const typed = await raw(`/runs/${id}/outputs`, {
      headers: { accept: `text/html, ${valuesMediaType};q=0.5` },
    });
    ok(typed.headers.get('content-type')?.startsWith(valuesMediaType), 'typed JSON');
    equal((await typed.json()).items[0].nan, { $type: 'number', value: 'NaN' }, 'typed');
    const docs = await (await raw('/docs')).text();
    ok(docs.includes(valuesMediaType) && docs.includes('bigint'), 'the docs tell of it');
  },

  async 'reads a body as typed JSON only when it says that it is'() {
    const { id: graph } = await client.createGraph(graphOf('plain', [code('a', same)], [], {}));
    const payload = { $type: 'Date', value: '1970-01-01T00:00:00.000Z' };
    const body = JSON.stringify({ inputs: { a: [payload] } });
    const start = (type: string, text = body) =>
      raw(`/graphs/${graph}/runs`, { method: 'POST', headers: { 'content-type': type }, body: text });
    for (const [type, expected] of [
      ['application/json', payload],
      [`${valuesMediaType}; charset=utf-8`, new Date(0)],
    ] as const) {
      const { id } = await (await start(type)).json();
      await client.followRun(id, () => {});
      assertEqual((await client.listOutputs(id)).items, [expected], type);
    }
    const bad = JSON.stringify({ inputs: { a: [1, { $type: 'Date', value: 'soon' }] } });
    const refused = await problem(await start(valuesMediaType, bad), 400, 'bad_value');
    equal(refused.issues[0]?.path, ['inputs', 'a', 1], 'the place');
    const proto = '{"inputs":{"a":[{"__proto__":{"polluted":1}}]}}';
    await problem(await start(valuesMediaType, proto), 400, 'forbidden_key');
    const deep = `{"inputs":{"a":[${'['.repeat(1200)}${']'.repeat(1200)}]}}`;
    await problem(await start(valuesMediaType, deep), 400, 'too_deep');
    ok(toTypedText(payload).startsWith('{"$type":"Object"'), 'what looks typed is escaped');
  },
});
