import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createDirectoryFiles } from '../../server/directory-files.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { fetchedSamples, withSamples } from '../../src/files/sample-files.ts';
import type { Files } from '../../src/nodes/define-node.ts';
import { filesContract } from '../contracts/files-contract.ts';

const made: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'handloom-files-'));
  made.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const noSamples = { read: async () => new Uint8Array(), list: async () => [] };
const workspaces: [string, () => Files][] = [
  ['memory', () => createMemoryFiles()],
  ['a directory', () => createDirectoryFiles(join(newDirectory(), 'not', 'there', 'yet'))],
  ['memory with samples', () => withSamples(createMemoryFiles(), noSamples)],
];

describe.each(workspaces)('a workspace in %s', (_, create) => {
  it.each(filesContract)('$title', async ({ run }) => {
    await run(create());
  });
});

describe('a workspace in a directory', () => {
  function linked() {
    const root = join(newDirectory(), 'root');
    const outside = newDirectory();
    mkdirSync(join(root, 'inside'), { recursive: true });
    writeFileSync(join(root, 'inside', 'file'), 'inside');
    writeFileSync(join(outside, 'secret'), 'secret');
    symlinkSync(outside, join(root, 'folder-out'));
    symlinkSync(join(outside, 'secret'), join(root, 'file-out'));
    symlinkSync(join(outside, 'new'), join(root, 'dangling'));
    symlinkSync('inside', join(root, 'folder-in'));
    symlinkSync('loop', join(root, 'loop'));
    return { root, outside, files: createDirectoryFiles(root) };
  }

  it('follows links within it', async () => {
    const { files, root } = linked();
    expect(new TextDecoder().decode(await files.read('folder-in/file'))).toBe('inside');
    await files.write('folder-in/new', 'new');
    expect(readFileSync(join(root, 'inside', 'new'), 'utf8')).toBe('new');
  });

  it('follows no link out of it', async () => {
    const { files, outside } = linked();
    const refused = { code: 'path_refused', message: expect.not.stringContaining(outside) };
    await expect(files.read('file-out')).rejects.toMatchObject(refused);
    await expect(files.read('folder-out/secret')).rejects.toMatchObject(refused);
    await expect(files.write('folder-out/secret', 'x')).rejects.toMatchObject(refused);
    await expect(files.write('folder-out/new/deep', 'x')).rejects.toMatchObject(refused);
    await expect(files.delete('folder-out/secret')).rejects.toMatchObject(refused);
    await expect(files.read('loop')).rejects.toMatchObject({ code: 'file_not_found' });
    await files.write('file-out', 'mine');
    await files.write('dangling', 'mine');
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  it('lists no file that it would not read', async () => {
    const { files, root } = linked();
    writeFileSync(join(root, '.handloom-1234.tmp'), 'a draft of a write that was cut off');
    expect((await files.list()).map((file) => file.path)).toEqual(['inside/file']);
  });

  it('does not wait for a pipe to end', async () => {
    const { files, root } = linked();
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(files.read('pipe')).rejects.toMatchObject({ code: 'file_not_found' });
    expect((await files.list('pipe')).length).toBe(0);
  });

  it('leaves nothing behind when a write fails, and tells no path of the machine', async () => {
    const root = newDirectory();
    const files = createDirectoryFiles(root);
    mkdirSync(join(root, 'taken', 'deep'), { recursive: true });
    await expect(files.write('taken', 'x')).rejects.toMatchObject({
      code: 'path_conflict',
      message: expect.not.stringContaining(root),
    });
    expect(readdirSync(root)).toEqual(['taken']);
  });
});

describe('a workspace with samples', () => {
  const entries = [
    { path: 'cars.json', bytes: 2 },
    { path: 'geo/a b.csv', bytes: 3 },
  ];
  const asked: string[] = [];
  const samples = fetchedSamples('/app/samples/', entries, async (url) => {
    asked.push(url);
    return url.includes('cars') ? new Response('[]') : new Response('gone', { status: 404 });
  });
  const own = createMemoryFiles({ 'mine.txt': 'mine', 'samples/hidden': 'hidden' });
  const files = withSamples(own, samples);

  it('lists them beside the files of the user', async () => {
    const paths = async (prefix?: string) => (await files.list(prefix)).map((file) => file.path);
    expect(await paths()).toEqual(['mine.txt', 'samples/cars.json', 'samples/geo/a b.csv']);
    expect(await paths('samples/geo')).toEqual(['samples/geo/a b.csv']);
    expect(await paths('sam')).toEqual(['samples/cars.json', 'samples/geo/a b.csv']);
    expect(await paths('m')).toEqual(['mine.txt']);
  });

  it('reads them by their full path', async () => {
    expect(new TextDecoder().decode(await files.read('samples/cars.json'))).toBe('[]');
    expect(new TextDecoder().decode(await files.read('./samples/cars.json'))).toBe('[]');
    await expect(files.read('samples/geo/a b.csv')).rejects.toMatchObject({ code: 'file_failed' });
    expect(asked).toEqual(['/app/samples/cars.json', '/app/samples/cars.json', '/app/samples/geo/a%20b.csv']);
  });

  it('asks for no sample that is not listed', async () => {
    await expect(files.read('samples/hidden')).rejects.toMatchObject({
      code: 'file_not_found',
      details: { path: 'samples/hidden' },
    });
    await expect(files.read('samples/../mine.txt')).rejects.toMatchObject({ code: 'path_refused' });
    expect(asked).not.toContain('/app/samples/hidden');
  });

  it('never changes them', async () => {
    await expect(files.write('samples/cars.json', 'x')).rejects.toMatchObject({ code: 'file_read_only' });
    await expect(files.write('samples/new', 'x')).rejects.toMatchObject({ code: 'file_read_only' });
    await expect(files.delete('samples/cars.json')).rejects.toMatchObject({ code: 'file_read_only' });
  });
});
