import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTypedJson } from '../../src/schema/read-typed-json.ts';
import { toTypedText } from '../../src/schema/typed-json.ts';
import { oneOfEach } from '../contracts/cloneable.ts';
import { assertEqual } from '../contracts/deep-equal.ts';
import { acceptanceCases, differences } from '../hosts/acceptance-cases.ts';
import { CliFolder } from './run-cli.ts';

const graph = (nodes: object[], more: object = {}) => ({
  format: 'handloom.graph',
  version: 1,
  name: 'a graph',
  nodes,
  edges: [],
  ...more,
});
const code = (id: string, text: string) => ({ id, type: 'code.js', params: { code: text } });

let folder: CliFolder;
beforeEach(() => {
  folder = new CliFolder();
});
afterEach(() => folder.remove());

describe('handloom run', () => {
  it('gives the whole report and status 0', async () => {
    const inputs = { double: Array.from({ length: 500 }, (_, i) => i) };
    const file = folder.file('g.json', graph([code('double', '(n) => 2 * n')], { inputs }));
    const { status, stdout, stderr } = await folder.run('run', file, '--report', '-', '--workers', '2');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ graph: 'a graph', status: 'succeeded', errors: [] });
    expect(report.nodes.double).toMatchObject({
      input: 500,
      succeeded: 500,
      failed: 0,
      pending: 0,
      running: 0,
    });
    expect(report.outputs.double.toSorted((a: number, b: number) => a - b)).toEqual(
      inputs.double.map((n) => 2 * n),
    );
    expect(stderr).toMatch(/^a graph: succeeded in [\d.]+ s, 500 tasks\n$/);
  });

  it('writes the report to a file, as a whole, and says nothing when quiet', async () => {
    const file = folder.file(
      'g.json',
      graph([code('a', '() => [new Map([["x", 1n]]), NaN]')], { inputs: { a: [1] } }),
    );
    const { status, stdout, stderr } = await folder.run('run', file, '--report', 'out.json', '--quiet');
    expect([status, stdout, stderr]).toEqual([0, '', '']);
    expect(JSON.parse(readFileSync(join(folder.path, 'out.json'), 'utf8')).outputs.a).toEqual([
      [{ x: 1 }, null],
    ]);
    expect(readdirSync(folder.path).sort()).toEqual(['data', 'g.json', 'out.json']);
  });

  it('takes inputs from files instead of the graph’s own', async () => {
    const file = folder.file(
      'g.json',
      graph([code('a', '(n) => n + 1'), code('b', '(n) => n')], { inputs: { a: [1], b: [7] } }),
    );
    folder.file('one.json', [10]);
    folder.file('two.json', '[20, 30]');
    const { stdout } = await folder.run(
      'run',
      file,
      '--input',
      'a=one.json',
      '--input',
      'a=two.json',
      '--report',
      '-',
    );
    const { outputs } = JSON.parse(stdout);
    expect([outputs.a.toSorted(), outputs.b]).toEqual([[11, 21, 31], [7]]);
  });

  it('takes and gives payloads of every kind with --typed', async () => {
    const kinds = [oneOfEach()];
    const file = folder.file('g.json', graph([code('a', '(x) => x')]));
    folder.file('in.json', toTypedText(kinds));
    const { status, stdout } = await folder.run(
      'run',
      file,
      '--typed',
      '--input',
      'a=in.json',
      '--report',
      '-',
    );
    expect(status).toBe(0);
    const report = readTypedJson(stdout) as { outputs: { a: unknown[] } };
    assertEqual(report.outputs.a, kinds);
    folder.file('in.json', '[{"$type": "Date", "value": "soon"}]');
    const refused = await folder.run('run', file, '--typed', '--input', 'a=in.json');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/^in\.json: .*ISO 8601/)]);
  });

  it('gives status 1 and names the errors when tasks fail', async () => {
    const text = "(n) => { throw new RangeError('number ' + n + '\\u001b[31m'); }";
    const file = folder.file('g.json', graph([code('f', text)], { inputs: { f: [1, 2, 3, 4, 5, 6, 7] } }));
    const { status, stderr } = await folder.run('run', file);
    expect(status).toBe(1);
    expect(stderr).toContain('partial');
    expect(stderr).toMatch(/ {2}f, task \S+: RangeError: number \d/);
    expect(stderr).toContain('… and 2 more');
    expect(stderr).not.toContain('\u001b');
  });

  it('cancels at Ctrl-C with status 130 and a report, and ends at once at the second', async () => {
    const file = folder.file(
      'g.json',
      graph([code('spin', '() => { for (;;); }')], { inputs: { spin: [1, 2, 3] } }),
    );
    const { child, ended } = folder.start('run', file, '--report', 'out.json', '--data', 'd');
    await started(folder, child);
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    const report = JSON.parse(readFileSync(join(folder.path, 'out.json'), 'utf8'));
    expect([report.status, report.nodes.spin.cancelled]).toEqual(['cancelled', 3]);
    const { stdout } = await folder.run('runs', '--data', 'd', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ id: report.id, status: 'cancelled' }]);
  });

  it('keeps runs in the data folder and lists them, newest first', async () => {
    const file = folder.file('g.json', graph([code('a', '(n) => n')], { inputs: { a: [1, 2] } }));
    expect(await folder.run('runs')).toMatchObject({ status: 0, stdout: 'No runs in ./data.\n' });
    expect(existsSync(join(folder.path, 'data'))).toBe(false);
    const reports = [];
    for (let i = 0; i < 2; i++)
      reports.push(JSON.parse((await folder.run('run', file, '--report', '-')).stdout));
    const { stdout } = await folder.run('runs');
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^RUN +STATUS +CREATED +TASKS +GRAPH$/);
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(reports.map((report) => report.id).reverse());
    expect(lines[0]).toMatch(/succeeded .* 2 {2,}a graph$/);
  });
});

describe('acceptance cases on the command line', () => {
  // Each costs a process, and the other hosts run them all on the same engine.
  const chosen = [
    'add-then-square',
    'collatz-loop',
    'dedupe-canonical',
    'failures-do-not-stop',
    'router-parity',
    'splitter-range',
    'random-3',
  ];
  it.each(
    acceptanceCases
      .filter(({ graph }) => chosen.includes(graph.name))
      .map((each) => [each.graph.name, each] as const),
  )('%s', async (_, { graph, expect: expected }) => {
    const { status, stdout } = await folder.run(
      'run',
      folder.file('g.json', graph),
      '--report',
      '-',
      '--quiet',
    );
    const report = JSON.parse(stdout);
    expect(differences(expected, report)).toEqual([]);
    expect(status).toBe(report.status === 'succeeded' ? 0 : 1);
  });
});

/** Waits until a run has been stored, which is when it can be cancelled. */
async function started(folder: CliFolder, child: { exitCode: number | null }): Promise<void> {
  while (child.exitCode === null) {
    const { stdout } = await folder.run('runs', '--data', 'd', '--json');
    if (JSON.parse(stdout || '[]').length > 0) return;
  }
}
