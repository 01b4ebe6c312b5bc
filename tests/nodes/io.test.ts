import { describe, expect, it } from 'vitest';
import type { NodeDefinition } from '../../src/nodes/define-node.ts';
import read from '../../src/nodes/io/read.ts';
import write from '../../src/nodes/io/write.ts';
import { runExample } from './run-example.ts';

async function run(
  definition: NodeDefinition,
  params: Record<string, unknown>,
  files: Record<string, string>,
  ...payloads: unknown[]
) {
  const outcome = await runExample(definition, { params, payloads, results: [], files });
  return {
    results: outcome.results,
    files: outcome.files,
    errors: outcome.errors.map(({ name, message }) => `${name}: ${message}`),
  };
}

describe('io.read', () => {
  it('names the file and the place where JSON breaks off', async () => {
    const { errors } = await run(
      read,
      { path: 'data/broken.json', as: 'json' },
      { 'data/broken.json': '{\n  "a": [1, 2\n}' },
      undefined,
    );
    expect(errors[0]).toMatch(/^FileError: data\/broken\.json: .*line 3, column 1/);
  });

  it('names a missing file', async () => {
    expect((await run(read, { path: 'data/missing.csv' }, {}, undefined)).errors[0]).toMatch(
      /^FileError: .*"data\/missing\.csv"/,
    );
  });

  it('refuses bytes that are no text', async () => {
    const { errors } = await runExample(read, {
      params: { path: 'a' },
      payloads: [undefined],
      results: [],
      files: { a: new Uint8Array([0xff, 0xfe]) as unknown as string },
    });
    expect(errors[0]).toMatchObject({ name: 'FileError', code: 'not_text', message: 'a is not UTF-8 text.' });
  });

  it('reads lines however they end', async () => {
    expect(
      (await run(read, { path: 'a', as: 'lines' }, { a: 'one\r\ntwo\n\nfour' }, undefined)).results,
    ).toEqual([['one', 'two', '', 'four']]);
    expect((await run(read, { path: 'a', as: 'lines' }, { a: '' }, undefined)).results).toEqual([[]]);
  });

  it('leaves out a byte order mark', async () => {
    expect((await run(read, { path: 'a' }, { a: '\uFEFFx' }, undefined)).results).toEqual(['x']);
    expect((await run(read, { path: 'a', as: 'json' }, { a: '\uFEFF[1]' }, undefined)).results).toEqual([
      [1],
    ]);
  });

  it('says what it needs when nothing names a file', async () => {
    const { errors } = await run(read, {}, {}, undefined, '', { path: 3 });
    expect(errors.every((error) => error.startsWith('TypeError: Which file?'))).toBe(true);
    expect(errors).toHaveLength(3);
  });
});

describe('io.write', () => {
  it('writes what it is given, in each form', async () => {
    const one = async (as: string, data: unknown) => (await run(write, { path: 'a', as }, {}, data)).files.a;
    expect(await one('json', { a: [1, new Map([['k', 10n]])] })).toBe(
      '{\n  "a": [\n    1,\n    {\n      "k": 10\n    }\n  ]\n}\n',
    );
    expect(await one('text', 'é')).toBe('é');
    expect(await one('lines', [])).toBe('');
    expect(await one('bytes', new Uint16Array([0x6968]))).toBe('hi');
    expect(await one('bytes', new Uint8Array([104, 105]).buffer)).toBe('hi');
  });

  it('refuses what does not fit, and writes nothing then', async () => {
    for (const [as, data] of [
      ['json', undefined],
      ['text', 1],
      ['text', null],
      ['lines', 'a'],
      ['lines', [{}]],
      ['lines', ['a\nb']],
      ['bytes', 'a'],
      ['bytes', [1]],
    ] as const) {
      const { errors, files } = await run(write, { path: 'a', as }, {}, data);
      expect(errors[0]).toMatch(/^TypeError: /);
      expect(files).toEqual({});
    }
  });
});
