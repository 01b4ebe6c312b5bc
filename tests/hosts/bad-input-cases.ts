/** What is refused, and how. */
import { equal, ok } from './assert.ts';
import { badGraphs, hugeNesting, twiceBad } from './bad-graphs.ts';
import { addSquare } from './sample-graphs.ts';
import type { Cases, SuiteTools } from './suite-tools.ts';

export const badInputCases = ({ client, raw, post, runToEnd, problem }: SuiteTools): Cases => ({
  async 'refuses every bad graph with its code and place, and keeps nothing of it'() {
    const before = (await client.listGraphs({ limit: 1000 })).items.length;
    for (const { what, text, code, names } of badGraphs) {
      const body = await problem(await post('/graphs', text), 400, code);
      const said = `${JSON.stringify(body.issues)} ${body.detail} ${body.issues.map(placeOf).join(' ')}`;
      for (const name of names) ok(said.includes(name), `${what}: ${JSON.stringify(name)} is not in ${said}`);
      ok(body.issues.length >= 1, `${what}: its issues`);
      const checked = await post('/graphs/validate', text);
      if (checked.status === 200) equal((await checked.json()).valid, false, `${what}: validate`);
      else await problem(checked, 400, code);
      const analysed = await post('/graphs/analyze', text);
      if (!structural.has(code)) equal(analysed.status, 200, `${what}: analyze`);
      else {
        const { issues, detail } = await problem(analysed, 400, code);
        const places = `${JSON.stringify(issues)} ${detail} ${issues.map(placeOf).join(' ')}`;
        for (const name of names)
          ok(places.includes(name), `${what}: ${JSON.stringify(name)} is not in ${places}`);
      }
    }
    const twice = await problem(await post('/graphs', twiceBad), 400, 'invalid_graph');
    equal(twice.issues.map(({ node }) => node).sort(), ['a', 'b'], 'nodes with issues');
    equal((await client.listGraphs({ limit: 1000 })).items.length, before, 'graphs kept');
    equal(({} as { polluted?: boolean }).polluted, undefined, 'nothing is polluted');
    equal(await client.validateGraph(addSquare()), { valid: true, issues: [] }, 'a good graph');
  },

  async 'warns of what is likely a mistake in a graph that can run'() {
    const within = { id: 'S', type: 'flow.subgraph', params: { graph: addSquare() } };
    const graph = { ...addSquare(), nodes: [{ ...within, policy: { workers: 2 } }], edges: [], inputs: {} };
    const { valid, issues, warnings } = await client.validateGraph(graph);
    equal([valid, issues], [true, []], 'it is valid');
    equal(
      warnings?.map(({ code, field }) => [code, field]),
      [['policy_without_effect', 'policy.workers']],
      'warnings',
    );
  },

  async 'refuses 50 MB of nesting'() {
    const body = await problem(await post('/graphs', hugeNesting()), 400, 'too_deep');
    ok(body.detail.length < 500, 'the answer is short');
  },

  async 'refuses bad requests with a code and the field'() {
    const { id } = await runToEnd(addSquare());
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=-1']) {
      const body = await problem(await raw(`/runs?${query}`), 400, 'invalid_parameter');
      equal(body.issues[0]?.field, 'limit', 'field');
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
    await problem(await raw('/health', { method: 'DELETE' }), 405, 'method_not_allowed');
    await problem(await raw('/runs?graph=%ff'), 400, 'bad_encoding');
    const { id: graphId } = await client.createGraph(addSquare());
    const odd = await problem(await post(`/graphs/${graphId}/runs`, '{"inputs": 3}'), 400, 'invalid_body');
    equal(odd.issues[0]?.field, 'inputs', 'field');
    await problem(await post(`/graphs/${graphId}/runs`, '{"inputs": {"ghost": [1]}}'), 400, 'unknown_node');
  },
});

/** Codes of what is wrong with a graph's structure, whatever its nodes do. */
const structural = new Set([
  'not_json',
  'not_a_graph',
  'unknown_format',
  'newer_version',
  'unknown_version',
  'invalid_field',
  'unknown_mode',
  'duplicate_node_id',
  'unknown_node',
  'forbidden_key',
  'too_deep',
]);

function placeOf({ path = [], line }: { path?: (string | number)[]; line?: number }): string {
  const place = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : key))
    .join('.')
    .replaceAll('.[', '[');
  return `${place} line ${line}`;
}
