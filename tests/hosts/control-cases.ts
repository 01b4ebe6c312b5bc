/** Runs that somebody steers while they go on. */
import type { RunProgress } from '../../src/api/services.ts';
import { equal, ok } from './assert.ts';
import { code, graphOf } from './sample-graphs.ts';
import type { Cases, SuiteTools } from './suite-tools.ts';

export const controlCases = ({ client, raw, post, problem, refusal }: SuiteTools): Cases => {
  /** Settles when the run's progress is as `isSo` wants it. */
  const until = (id: string, isSo: (progress: RunProgress) => boolean) =>
    new Promise<void>((resolve, reject) => {
      client
        .followRun(id, (progress) => {
          if (isSo(progress)) resolve();
        })
        .then(() => reject(new Error('It never was so')), reject);
    });
  const start = async (graph: Parameters<typeof client.createGraph>[0], options = {}) =>
    (await client.startRun((await client.createGraph(graph)).id, options)).id;

  return {
    async 'takes tasks into a run that is kept open, until it is closed'() {
      const nodes = [code('double', '(n) => n * 2'), { id: 'all', type: 'flow.collect' }];
      const id = await start(graphOf('open', nodes, [{ source: 'double', target: 'all' }]), {
        keepOpen: true,
      });
      await client.inject(id, { double: [1, 2] });
      await until(id, ({ run }) => run.nodes.double?.succeeded === 2);
      await client.inject(id, { double: [3] });
      await problem(
        await post(`/runs/${id}/inject`, JSON.stringify({ inputs: { ghost: [1] } })),
        400,
        'unknown_node',
      );
      await problem(await post(`/runs/${id}/inject`, JSON.stringify({ inputs: [1] })), 400, 'invalid_body');
      await until(id, ({ run }) => run.nodes.double?.succeeded === 3);
      equal((await client.getRun(id)).status, 'running', 'still open');
      await client.closeRun(id);
      await client.followRun(id, () => {});
      equal((await client.getRun(id)).outputs.all, [[2, 4, 6]], 'outputs');
      equal(await refusal(client.inject(id, { double: [1] })), 'run_ended', 'injecting too late');
      equal(await refusal(client.closeRun(id)), 'run_ended', 'closing again');
    },

    async 'pauses a run and goes on with it'() {
      const slow = code(
        'slow',
        '(n) => { const end = Date.now() + 20; while (Date.now() < end); return n; }',
      );
      const id = await start(graphOf('slow', [slow], [], { slow: Array.from({ length: 30 }, (_, i) => i) }));
      await until(id, ({ run }) => (run.nodes.slow?.succeeded ?? 0) > 0);
      equal((await client.pauseRun(id)).status, 'paused', 'paused');
      await until(id, ({ run }) => run.nodes.slow?.running === 0);
      const { pending = 0 } = (await client.getRun(id)).nodes.slow ?? {};
      ok(pending > 0, 'tasks are left');
      await client.resumeRun(id);
      await client.followRun(id, () => {});
      equal((await client.getRun(id)).nodes.slow?.succeeded, 30, 'all done');
      equal(await refusal(client.resumeRun(id)), 'run_ended', 'resuming what has ended');
    },

    async 'runs again from a node on, with what was delivered to it'() {
      const nodes = [
        code('a', '(n) => new Map([[n, 1n]])'),
        code('b', '(map) => map.size'),
        code('c', '(n) => n'),
      ];
      const edges = [
        { source: 'a', target: 'b' },
        { source: 'b', target: 'c' },
      ];
      const graph = await client.createGraph(graphOf('again', nodes, edges, { a: [1, 2] }));
      const { id } = await client.startRun(graph.id);
      await client.followRun(id, () => {});
      const partOf = async (run: { id: string }) => {
        await client.followRun(run.id, () => {});
        const { nodes, outputs, rerunOf, from, only } = await client.getRun(run.id);
        return [Object.keys(nodes), outputs, rerunOf, from, only];
      };
      // A map would have no size, had it been made into JSON on its way.
      const again = await partOf(await client.rerun(id, { node: 'b' }));
      equal(again, [['b', 'c'], { c: [1, 1] }, id, 'b', undefined], 'from b on');
      const alone = await partOf(await client.rerun(id, { node: 'b', only: true }));
      equal(alone, [['b'], { b: [1, 1] }, id, 'b', true], 'b alone');
      const [newest] = (await client.listRuns({ graph: graph.id, limit: 1 })).items;
      equal([newest?.rerunOf, newest?.from, newest?.only], [id, 'b', true], 'in the list');

      const inputs = { b: [null], a: [5] };
      equal(
        (await partOf(await client.startRun(graph.id, { from: 'c', inputs: { c: [7] } })))[1],
        { c: [7] },
        'c',
      );
      equal((await partOf(await client.startRun(graph.id, { only: 'b', inputs })))[0], ['b'], 'only b');
      await client.replaceGraph(graph.id, graphOf('again', [code('b', '(map) => [...map.keys()]')]));
      const now = await partOf(await client.startRun(graph.id, { only: 'b', rerunOf: id }));
      equal((now[1] as { b: number[][] }).b.flat().toSorted(), [1, 2], 'as the graph is now');
    },

    async 'keeps payloads of failed tasks only, where the policy says so'() {
      const fussy = "(s) => { if (s.length > 3) throw new Error('long'); return s.length; }";
      const nodes = [
        { ...code('a', fussy), policy: { keepPayloads: 'failed' as const } },
        code('b', '(n) => n * 10'),
      ];
      const graph = graphOf('forget', nodes, [{ source: 'a', target: 'b' }], { a: ['one', 'three'] });
      const id = await start(graph);
      await client.followRun(id, () => {});
      let dropped: string | undefined;
      while (!dropped) ({ payloadsDroppedAt: dropped } = await client.getRun(id));
      const { items } = await client.listTasks(id, { node: 'a' });
      equal(
        items.map(({ status, payload, payloadDropped }) => [status, payload, payloadDropped]),
        [
          ['succeeded', null, true],
          ['failed', 'three', undefined],
        ],
        'tasks',
      );
      const { outputs, errors, dropsPayloads } = await client.getRun(id);
      equal([outputs, errors[0]?.payload, dropsPayloads], [{ b: [30] }, 'three', ['a']], 'what stays');
      equal((await client.getRunGraph(id)).inputs, {}, 'inputs');
      await problem(await post(`/runs/${id}/rerun`, JSON.stringify({ node: 'a' })), 409, 'payloads_dropped');
      const again = await client.rerun(id, { node: 'b' });
      await client.followRun(again.id, () => {});
      equal((await client.getRun(again.id)).outputs.b, [30], 'from the node after it');
    },

    async 'refuses to run again what cannot be'() {
      const graph = await client.createGraph(graphOf('none', [code('a', '(n) => n')]));
      const { id } = await client.startRun(graph.id);
      await client.followRun(id, () => {});
      const rerun = (body: object, run = id) => post(`/runs/${run}/rerun`, JSON.stringify(body));
      await problem(await rerun({ node: 'ghost' }), 400, 'unknown_node');
      await problem(await rerun({ node: 'a' }), 409, 'nothing_delivered');
      await problem(await rerun({ node: 'a' }, 'none'), 404, 'run_not_found');
      await problem(await rerun({}), 400, 'invalid_body');
      await problem(await rerun({ node: 'a', more: 1 }), 400, 'invalid_body');
      const start = (body: object) => post(`/graphs/${graph.id}/runs`, JSON.stringify(body));
      await problem(await start({ from: 'ghost' }), 400, 'unknown_node');
      await problem(await start({ from: 'a', only: 'a' }), 400, 'invalid_body');
      await problem(await start({ rerunOf: id }), 400, 'invalid_body');
      await problem(await start({ from: 'a', rerunOf: 'none' }), 404, 'run_not_found');
    },

    async 'tells where a task came from, with every attempt'() {
      const flaky = '(n, ctx) => { if (ctx.attempt === 1) throw new RangeError("first"); return n; }';
      const nodes = [
        code('a', flaky, { policy: { retry: { max: 1 } } }),
        { id: 'all', type: 'flow.collect' },
        code('b', '(xs) => xs.length'),
      ];
      const edges = [
        { source: 'a', target: 'all' },
        { source: 'all', target: 'b' },
      ];
      const id = await start(graphOf('line', nodes, edges, { a: [5, 6] }));
      await client.followRun(id, () => {});
      const [last] = (await client.listTasks(id, { node: 'b' })).items;
      const answer = await raw(`/runs/${id}/tasks/${last?.id}/lineage?direction=ancestors`);
      const { items } = await answer.json();
      equal(
        items.map((task: { node: string }) => task.node),
        ['a', 'a', 'all', 'all'],
        'ancestors',
      );
      equal(
        items[0].history.map((one: { attempt: number }) => one.attempt),
        [1, 2],
        'attempts',
      );
      ok(items[0].history[0].error.name === 'RangeError' && items[0].history[0].worker, 'what and where');
      const down = await (await raw(`/runs/${id}/tasks/${items[0].id}/lineage?direction=descendants`)).json();
      equal(
        down.items.map((task: { node: string }) => task.node),
        ['all', 'b'],
        'descendants',
      );
      await problem(await raw(`/runs/${id}/tasks/99/lineage`), 404, 'task_not_found');
    },

    async 'tells how far a task says it is'() {
      const text = '(n, ctx) => new Promise((done) => { ctx.progress(0.5); setTimeout(done, 300); })';
      const id = await start(graphOf('far', [code('far', text)], [], { far: [1] }));
      await until(id, ({ fractions }) => fractions?.far === 0.5);
      await client.followRun(id, () => {});
    },

    async 'tries failed tasks again'() {
      const flaky = "(n, ctx) => { if (n % 2 && ctx.attempt === 1) throw new RangeError('odd'); return n; }";
      const nodes = [code('flaky', flaky), code('after', '(n) => n * 10')];
      const id = await start(
        graphOf('flaky', nodes, [{ source: 'flaky', target: 'after' }], { flaky: [1, 2, 3] }),
      );
      await client.followRun(id, () => {});
      equal((await client.getRun(id)).status, 'partial', 'before');
      equal(await client.retryRun(id, { error: 'TypeError' }), { tasks: 0 }, 'no such error');
      equal(await (await raw(`/runs/${id}/retry`, { method: 'POST' })).json(), { tasks: 2 }, 'all');
      await client.followRun(id, () => {});
      const report = await client.getRun(id);
      equal([report.status, report.errors], ['succeeded', []], 'after');
      equal(report.outputs.after?.toSorted(), [10, 20, 30], 'outputs');
      equal(report.nodes.flaky?.retried, 2, 'counted as further attempts');
      await problem(await raw('/runs/none/retry', { method: 'POST' }), 404, 'run_not_found');
    },
  };
};
