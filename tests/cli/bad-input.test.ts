import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { badGraphs, hugeNesting, twiceBad } from '../hosts/bad-graphs.ts';
import { CliFolder } from './run-cli.ts';

let folder: CliFolder;
beforeAll(() => {
  folder = new CliFolder();
});
afterAll(() => {
  expect(existsSync(join(folder.path, 'data'))).toBe(false);
  folder.remove();
});

const fine = {
  format: 'handloom.graph',
  version: 1,
  name: 'g',
  nodes: [{ id: 'a', type: 'code.js', params: { code: '(x) => x' } }],
  edges: [],
};

/** Status 2, one line a problem, the file first, and nothing of the inside. */
async function refused(...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await folder.run(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stderr.endsWith('\n')).toBe(true);
  return stderr.trimEnd().split('\n');
}

describe('a bad graph is refused with its place', () => {
  it.concurrent.each(badGraphs.map((bad, i) => [bad.what, `bad ${i}.json`, bad] as const))(
    '%s',
    async (_, name, bad) => {
      const lines = await refused('run', folder.file(name, bad.text));
      for (const line of lines) expect(line.startsWith(`${name}: `)).toBe(true);
      for (const part of bad.names) expect(lines.join('\n')).toContain(part);
    },
  );

  it('50 MB of nesting, soon and briefly', async () => {
    const began = performance.now();
    const [line = ''] = await refused('run', folder.file('deep.json', hugeNesting()));
    expect(line).toMatch(/^deep\.json: line 1: .*1000 levels/);
    expect(line.length).toBeLessThan(200);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('several problems are a line each, in the words of the file', async () => {
    const file = folder.file('twice.json', twiceBad);
    expect(await refused('validate', file)).toEqual([
      expect.stringMatching(/^twice\.json: nodes\[0\] "a": type: .*"no\.such"/),
      expect.stringMatching(/^twice\.json: nodes\[1\] "b": params\.code line 1: [A-Z]/),
    ]);
    const places = folder.file('places.json', { ...fine, inputs: { a: 5 }, settings: { schedule: 'x' } });
    expect(await refused('validate', places)).toEqual([
      'places.json: inputs.a: expected array, received number',
      expect.stringMatching(/^places\.json: settings\.schedule: Invalid option/),
    ]);
  });
});

it('what is likely a mistake is told, and no hindrance', async () => {
  const policy = { timeoutMs: 5 };
  const nodes = [{ id: 'S', type: 'flow.subgraph', params: { graph: fine }, policy }];
  const { status, stdout, stderr } = await folder.run(
    'validate',
    folder.file('idle.json', { ...fine, nodes }),
  );
  expect([status, stdout]).toEqual([0, 'idle.json: g: valid, 1 nodes, 0 edges\n']);
  expect(stderr).toMatch(
    /^idle\.json: warning: Node "S": policy\.timeoutMs has no effect on a subgraph; .*\n$/,
  );
  const misspelt = { ...fine, nodes: [{ ...fine.nodes[0], policy: { retries: 2 } }] };
  const ran = await folder.run('run', folder.file('misspelt.json', misspelt), '--data', 'runs');
  expect(ran.status).toBe(0);
  expect(ran.stderr).toMatch(
    /^misspelt\.json: warning: Node "a": policy\.retries is none of a policy's fields/,
  );
});

describe('what else can be wrong', () => {
  it('files that are not there or cannot be read', async () => {
    expect(await refused('run', 'nothing.json')).toEqual(['nothing.json: there is no such file']);
    expect(await refused('validate', '.')).toEqual(['.: this is a folder, not a file']);
  });

  it('inputs', async () => {
    const file = folder.file('fine.json', fine);
    folder.file('object.json', {});
    folder.file('list.json', [1]);
    expect(await refused('run', file, '--input', 'a=none.json')).toEqual([
      'none.json: there is no such file',
    ]);
    expect(await refused('run', file, '--input', 'a=object.json')).toEqual([
      'object.json: a list of payloads for a is expected',
    ]);
    expect(await refused('run', file, '--input', 'ghost=list.json')).toEqual([
      expect.stringMatching(/^--input ghost: .*"ghost"/),
    ]);
    expect((await refused('run', file, '--input', 'a'))[0]).toContain('NODE=FILE.json');
  });

  it('data folders', async () => {
    const file = folder.file('fine.json', fine);
    const places = [file, '', ...(process.platform === 'linux' ? ['/proc/handloom'] : [])];
    for (const data of places) {
      const [line] = await refused('run', file, '--data', data, '--quiet');
      expect(line).toMatch(`handloom: The data folder ${data} cannot be made: `);
    }
  });

  it('options', async () => {
    const file = folder.file('fine.json', fine);
    for (const args of [
      ['run'],
      ['run', file, '--wrong'],
      ['run', file, '--workers', '0'],
      ['run', file, '--workers', 'x'],
      ['what'],
      ['serve', '--port', '70000'],
    ]) {
      expect((await refused(...args))[0]).toMatch(/^error: /);
    }
    expect(await refused('run', file, '--report', 'no/such/out.json')).toEqual([
      expect.stringContaining('--report no/such/out.json: the folder'),
    ]);
  });

  it('a good graph is valid, and nothing is stored', async () => {
    const { status, stdout } = await folder.run('validate', folder.file('fine.json', fine));
    expect([status, stdout]).toEqual([0, 'fine.json: g: valid, 1 nodes, 0 edges\n']);
  });
});
