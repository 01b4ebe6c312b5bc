/** What a host keeps, and for how long. */
import { equal, ok } from './assert.ts';
import { code, graphOf } from './sample-graphs.ts';
import type { Cases, SuiteTools } from './suite-tools.ts';

export const keepingCases = ({ client, raw, runToEnd, problem, refusal }: SuiteTools): Cases => ({
  async 'says what runs take'() {
    const { id } = await runToEnd(graphOf('large', [code('a', '(n) => "x".repeat(n)')], [], { a: [50_000] }));
    const { bytes = 0 } = await client.getRun(id);
    ok(bytes > 50_000 && bytes < 60_000, `${bytes} in the report`);
    equal((await client.listRuns({ limit: 1 })).items[0]?.bytes, bytes, 'in the list');
  },

  async 'keeps so many runs as it is told, and says what went'() {
    const graph = graphOf('kept', [code('a', '(n) => n')], [], { a: [1] });
    const older = await runToEnd(graph);
    const newer = await runToEnd(graph);
    try {
      const { limits, kept, removed } = await client.setRetention({ maxRuns: 1 });
      equal([limits, kept.runs], [{ maxRuns: 1 }, 1], 'limits, and runs that are left');
      ok((removed?.runs ?? 0) >= 1 && (removed?.bytes ?? 0) > 0, 'what went');
      equal(await refusal(client.getRun(older.id)), 'run_not_found', 'the older');
      equal((await client.getRun(newer.id)).status, 'succeeded', 'the newer');
      const next = await runToEnd(graph);
      while ((await client.listRuns()).items.length > 1);
      equal((await client.listRuns()).items[0]?.id, next.id, 'after another run');
    } finally {
      await client.setRetention({});
    }
    equal((await client.retention()).limits, {}, 'without limits');
    const put = (body: object) =>
      raw('/retention', {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    await problem(await put({ maxRuns: -1 }), 400, 'invalid_body');
    await problem(await put({ maxDays: 1 }), 400, 'invalid_body');
  },

  async 'forgets the results kept for later runs'() {
    const node = { ...code('a', '(n) => n + 1'), policy: { cache: true } };
    const graph = graphOf('cached', [node], [], { a: [Math.random()] });
    await runToEnd(graph);
    ok((await client.retention()).kept.cached >= 1, 'results are kept');
    equal((await raw('/cache', { method: 'DELETE' })).status, 204, 'status');
    const { cached, cachedBytes } = (await client.retention()).kept;
    equal([cached, cachedBytes], [0, 0], 'none is left');
    const { id } = await runToEnd(graph);
    equal((await client.listTasks(id)).items[0]?.cached, undefined, 'found anew');
    const again = await runToEnd(graph);
    equal((await client.listTasks(again.id)).items[0]?.cached, true, 'and known again');
    await client.emptyCache();
  },
});
