/**
 * What every workspace of files does. A list of cases that need no test runner, so that the same ones run in Node
 * and inside a worker of a browser.
 */
import type { Files } from '../../src/nodes/define-node.ts';

export interface ContractCase {
  title: string;
  run(files: Files): Promise<void>;
}

const text = async (files: Files, path: string): Promise<string> =>
  new TextDecoder().decode(await files.read(path));
const paths = async (files: Files, prefix?: string): Promise<string[]> =>
  (await files.list(prefix)).map((file) => file.path);

function same(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`Expected ${b}, but it is ${a}`);
}

async function refuses(code: string, path: string, act: () => Promise<unknown>): Promise<void> {
  let thrown: { code?: string; message?: string; name?: string; details?: { path?: string } } | undefined;
  try {
    await act();
  } catch (error) {
    thrown = error as typeof thrown;
  }
  if (!thrown) throw new Error(`${JSON.stringify(path)} should be refused with ${code}, but it went well`);
  if (thrown.code !== code)
    throw new Error(
      `${JSON.stringify(path)} should be refused with ${code}, but: ${thrown.code} ${thrown.message}`,
    );
  same(thrown.name, 'FileError');
  same(thrown.details?.path, path);
}

/** None of these may be read, written, deleted or listed. */
export const refusedPaths = [
  '',
  '..',
  '../a',
  'a/../b',
  'a/..',
  '/etc/passwd',
  '/',
  'a//b',
  'a/',
  './',
  '.',
  'a/./b',
  'a\\b',
  '..\\a',
  'C:/a',
  'c:a',
  'a\0b',
  'a\nb',
  '\u007f',
  `${'x'.repeat(300)}`,
  `${'x/'.repeat(600)}x`,
  'a/\ud800',
];

export const filesContract: ContractCase[] = [
  {
    title: 'gives back the bytes and texts it was given',
    async run(files) {
      await files.write('a.txt', 'Grüße, 你好 🙂');
      same(await text(files, 'a.txt'), 'Grüße, 你好 🙂');
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
      await files.write('deep/er/b.bin', bytes);
      const back = await files.read('deep/er/b.bin');
      same(
        [back instanceof Uint8Array, back.length, back.every((byte, i) => byte === i % 251)],
        [true, 300_000, true],
      );
      await files.write('empty', '');
      same((await files.read('empty')).length, 0);
    },
  },
  {
    title: 'writes only the part of a buffer that a view shows',
    async run(files) {
      await files.write('view', new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 3));
      same([...(await files.read('view'))], [2, 3]);
    },
  },
  {
    title: 'keeps what was written apart from the buffers of the caller',
    async run(files) {
      const bytes = new Uint8Array([1, 2, 3]);
      await files.write('a', bytes);
      bytes[0] = 9;
      const first = await files.read('a');
      first[1] = 9;
      same([...(await files.read('a'))], [1, 2, 3]);
    },
  },
  {
    title: 'replaces a file as a whole',
    async run(files) {
      await files.write('a', 'a long first version');
      await files.write('a', 'short');
      same(await text(files, 'a'), 'short');
      same(await files.list(), [{ path: 'a', bytes: 5 }]);
    },
  },
  {
    title: 'leaves one whole version when many write the same file',
    async run(files) {
      const versions = Array.from({ length: 20 }, (_, i) => String(i).padStart(2, '0').repeat(5000));
      await Promise.all(versions.map((version) => files.write('race/a', version)));
      same(versions.includes(await text(files, 'race/a')), true);
      same(await paths(files), ['race/a']);
    },
  },
  {
    title: 'says that a file is missing, with its path',
    async run(files) {
      await refuses('file_not_found', 'nothing.csv', () => files.read('nothing.csv'));
      await refuses('file_not_found', 'no/such/folder.csv', () => files.read('no/such/folder.csv'));
      await refuses('file_not_found', 'nothing.csv', () => files.delete('nothing.csv'));
      await files.write('folder/a', '1');
      await refuses('file_not_found', 'folder', () => files.read('folder'));
      await refuses('file_not_found', 'folder', () => files.delete('folder'));
      await refuses('file_not_found', 'folder/a/b', () => files.read('folder/a/b'));
    },
  },
  {
    title: 'does not let a file and a folder have one name',
    async run(files) {
      await files.write('a/b', '1');
      await refuses('path_conflict', 'a', () => files.write('a', '2'));
      await refuses('path_conflict', 'a/b/c', () => files.write('a/b/c', '3'));
      same(await text(files, 'a/b'), '1');
      same(await paths(files), ['a/b']);
    },
  },
  {
    title: 'deletes one file and leaves the others',
    async run(files) {
      await files.write('a/1', '1');
      await files.write('a/2', '2');
      await files.delete('a/1');
      await refuses('file_not_found', 'a/1', () => files.read('a/1'));
      same(await paths(files), ['a/2']);
    },
  },
  {
    title: 'lists files by path, with their sizes, and by the start of the path',
    async run(files) {
      same(await files.list(), []);
      same(await files.list('nothing/here'), []);
      for (const path of ['b.txt', 'data/b.csv', 'data/a.csv', 'data/deep/c.csv', 'database.csv'])
        await files.write(path, path);
      same(await files.list(), [
        { path: 'b.txt', bytes: 5 },
        { path: 'data/a.csv', bytes: 10 },
        { path: 'data/b.csv', bytes: 10 },
        { path: 'data/deep/c.csv', bytes: 15 },
        { path: 'database.csv', bytes: 12 },
      ]);
      same(await paths(files, 'data/'), ['data/a.csv', 'data/b.csv', 'data/deep/c.csv']);
      same(await paths(files, 'data'), ['data/a.csv', 'data/b.csv', 'data/deep/c.csv', 'database.csv']);
      same(await paths(files, 'data/deep/c'), ['data/deep/c.csv']);
      same(await paths(files, './data/deep/'), ['data/deep/c.csv']);
    },
  },
  {
    title: 'takes names as people write them',
    async run(files) {
      const names = [
        'with space.txt',
        '数据/航班.csv',
        'a+b=c&d#e?f%20.txt',
        '.hidden',
        "it's",
        '__proto__',
        'constructor/toString',
      ];
      for (const name of names) await files.write(name, name);
      for (const name of names) same(await text(files, name), name);
      same((await paths(files)).length, names.length);
      await files.write('./same.txt', '1');
      same(await text(files, 'same.txt'), '1');
    },
  },
  {
    title: 'refuses every path that is not one within the workspace',
    async run(files) {
      for (const path of refusedPaths) {
        await refuses('path_refused', path, () => files.read(path));
        await refuses('path_refused', path, () => files.write(path, 'x'));
        await refuses('path_refused', path, () => files.delete(path));
      }
      for (const prefix of ['..', '../', '/etc', 'a/../..', 'a\\']) {
        let code: unknown;
        await files.list(prefix).catch((error) => {
          code = error.code;
        });
        same([prefix, code], [prefix, 'path_refused']);
      }
      same(await files.list(), []);
    },
  },
];
