/** The nodes that change a workspace, on a real directory with samples in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryFiles } from '../../server/directory-files.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { withSamples } from '../../src/files/sample-files.ts';
import type { Files, NodeContext, NodeDefinition } from '../../src/nodes/define-node.ts';
import copy from '../../src/nodes/io/copy.ts';
import remove from '../../src/nodes/io/delete.ts';
import list from '../../src/nodes/io/list.ts';
import move from '../../src/nodes/io/move.ts';

let folder: string;
let files: Files;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handloom-nodes-'));
  files = withSamples(createDirectoryFiles(folder), createMemoryFiles({ 'a.csv': 'sample' }));
  await files.write('in/a.txt', 'A');
  await files.write('b.txt', 'B');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(
  definition: NodeDefinition,
  params: Record<string, unknown>,
  payload?: unknown,
  on = files,
) {
  if (definition.kind !== 'map') throw new Error('They are maps');
  const handler = await definition.create(definition.params.parse(params) as never);
  return handler(payload, { files: on } as NodeContext);
}
const textOf = async (path: string, on = files) => new TextDecoder().decode(await on.read(path));
const paths = async (on = files) => (await on.list()).map(({ path }) => path);

describe('io.copy', () => {
  it('copies samples, into folders that are not there yet', async () => {
    await run(copy, { from: 'samples/a.csv', to: 'x/y/' });
    expect(await textOf('x/y/a.csv')).toBe('sample');
  });

  it('leaves a file that is copied onto itself as it is', async () => {
    await run(copy, { from: './b.txt', to: 'b.txt', overwrite: false });
    expect(await textOf('b.txt')).toBe('B');
  });
});

describe('io.move', () => {
  it('takes the file from where it was', async () => {
    await run(move, { to: 'b.txt' }, 'in/a.txt');
    expect(await paths()).toEqual(['b.txt', 'samples/a.csv']);
    expect(await textOf('b.txt')).toBe('A');
  });

  it('leaves a file that is moved onto itself', async () => {
    await run(move, { from: './b.txt', to: 'b.txt' });
    expect(await textOf('b.txt')).toBe('B');
  });

  it('puts everything back when the file cannot be taken away', async () => {
    const before = await paths();
    await expect(run(move, { from: 'samples/a.csv', to: 'new.csv' })).rejects.toThrow(
      /samples\/a\.csv.*sample/,
    );
    await expect(run(move, { from: 'samples/a.csv', to: 'b.txt' })).rejects.toThrow(/cannot be changed/);
    expect(await paths()).toEqual(before);
    expect(await textOf('b.txt')).toBe('B');
  });

  it('does not lose a file whose name changes in case only, where the system does not tell case', async () => {
    const plain = createMemoryFiles({ 'note.txt': 'N' });
    const at = async (path: string) => {
      const known = (await plain.list()).find((file) => file.path.toLowerCase() === path.toLowerCase());
      return known?.path ?? path;
    };
    const caseless: Files = {
      read: async (path) => plain.read(await at(path)),
      write: async (path, data) => plain.write(await at(path), data),
      delete: async (path) => plain.delete(await at(path)),
      list: (prefix) => plain.list(prefix),
    };
    await run(move, { from: 'note.txt', to: 'NOTE.txt' }, undefined, caseless);
    expect(await textOf('note.txt', caseless)).toBe('N');
    await run(move, { from: 'b.txt', to: 'B.txt' });
    expect(await paths()).toEqual(['B.txt', 'in/a.txt', 'samples/a.csv']);
  });
});

describe('io.delete', () => {
  it('names what it cannot delete', async () => {
    await expect(run(remove, {}, 'gone.txt')).rejects.toMatchObject({
      code: 'file_not_found',
      details: { path: 'gone.txt' },
    });
    await expect(run(remove, { missingOk: true }, 'samples/a.csv')).rejects.toMatchObject({
      code: 'file_read_only',
    });
    await expect(run(remove, { missingOk: true }, '../x')).rejects.toMatchObject({ code: 'path_refused' });
  });
});

describe('io.list', () => {
  it.each([
    [{ pattern: '*.txt' }, ['b.txt', 'in/a.txt']],
    [{ pattern: 'in/*.txt' }, ['in/a.txt']],
    [{ pattern: '**/a.*' }, ['in/a.txt', 'samples/a.csv']],
    [{ pattern: '?.txt', folder: 'in' }, ['in/a.txt']],
    [{ pattern: 'a[.]txt' }, []],
    [{ folder: './in/' }, ['in/a.txt']],
    [{ folder: '.' }, ['b.txt', 'in/a.txt', 'samples/a.csv']],
    [{ folder: 'i' }, []],
  ])('lists %j', async (params, expected) => {
    const found = (await run(list, { ...params, as: 'list' })) as { path: string }[];
    expect(found.map(({ path }) => path)).toEqual(expected);
  });
});
