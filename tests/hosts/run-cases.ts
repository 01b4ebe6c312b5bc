/** Runs, from start to end. */
import type { RunProgress } from '../../src/api/services.ts';
import { equal, ok } from './assert.ts';
import { addSquare, code, endless, graphOf } from './sample-graphs.ts';
import type { Cases, SuiteTools } from './suite-tools.ts';

export const runCases = ({ client, raw, runToEnd, problem, refusal }: SuiteTools): Cases => ({
  async 'runs a graph to its end and reports it'() {
    const { id, graphId, told } = await runToEnd(addSquare());
    const report = await client.getRun(id);
    equal([report.status, report.graph, report.graphId], ['succeeded', 'add then square', graphId], 'report');
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

  async 'tells how much longer a run will take, while it lives'() {
    const busy = '(x) => { const until = Date.now() + 40; while (Date.now() < until); return x; }';
    const inputs = Array.from({ length: 2000 }, (_, i) => i);
    const { id: graphId } = await client.createGraph(
      graphOf('long', [code('busy', busy)], [], { busy: inputs }),
    );
    const { id } = await client.startRun(graphId);
    const leave = new AbortController();
    const told = await new Promise<number>((resolve) => {
      const take = (progress: RunProgress) => {
        if (!progress.remaining) return;
        equal(Object.keys(progress.remaining.nodes), ['busy'], 'nodes');
        resolve(progress.remaining.runMs);
      };
      void client.followRun(id, take, { signal: leave.signal });
    });
    leave.abort();
    ok(told > 1000 && told < 2000 * 40 * 2, `${told} ms remain`);
    const { remaining } = await client.getRun(id);
    ok(remaining && remaining.runMs > 1000, 'the report has it');
    await client.cancelRun(id);
    equal((await client.getRun(id)).remaining, undefined, 'a run that has ended has none');
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
    equal([report.outputs.f?.length, typeof report.outputCursors?.f], [100, 'string'], 'outputs are capped');
    equal([report.errors.length, report.errorCursor], [50, undefined], 'errors');
    equal(
      [report.errors[0]?.name, report.errors[0]?.message.slice(0, 6)],
      ['RangeError', 'fifth '],
      'an error',
    );

    const all = async <T>(
      read: (page: { limit: number; cursor?: string }) => Promise<{ items: T[]; nextCursor: string | null }>,
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
    for (const list of ['outputs', 'errors', 'tasks'])
      await problem(await raw(`/runs/${id}/${list}?node=ghost`), 400, 'unknown_node');
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

  async 'carries large payloads whole, from node to node and to whoever asks'() {
    const megabyte = 1_000_000;
    const { id } = await runToEnd(
      graphOf(
        'large',
        [
          code('make', `(n) => ({ n, text: String(n).repeat(${megabyte}) })`),
          code('mark', '({ n, text }) => ({ n, text: text + "!" })'),
          { id: 'all', type: 'flow.collect' },
        ],
        [
          { source: 'make', target: 'mark' },
          { source: 'mark', target: 'all' },
        ],
        { make: [1, 2] },
      ),
    );
    const whole = [1, 2].map((n) => ({ n, text: `${String(n).repeat(megabyte)}!` }));
    equal((await client.getRun(id)).status, 'succeeded', 'status');
    const [list] = (await client.listOutputs(id)).items as [{ n: number; text: string }[]];
    ok(
      JSON.stringify(list) === JSON.stringify(whole),
      `The list is not what was collected: ${JSON.stringify(list).slice(0, 100)}`,
    );
    const { items } = await client.listTasks(id, { node: 'mark' });
    const lengths = items.map((task) => (task.payload as { text: string }).text.length);
    equal(lengths, [megabyte, megabyte], 'payloads of the tasks');
    await client.deleteRun(id);
  },

  async 'names the file that a task misses'() {
    const read = { id: 'r', type: 'io.read', params: { path: 'no/such.txt' } };
    const { id } = await runToEnd(graphOf('missing', [read], [], { r: [1] }));
    const [error] = (await client.getRun(id)).errors;
    ok(error?.message.includes('no/such.txt'), `the file's name is in: ${error?.message}`);
  },
});
