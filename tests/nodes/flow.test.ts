import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../src/errors.ts';
import js from '../../src/nodes/code/js.ts';
import { compile } from '../../src/nodes/compile.ts';
import { type NodeDefinition, outputsOf } from '../../src/nodes/define-node.ts';
import reduce from '../../src/nodes/flow/reduce.ts';
import route from '../../src/nodes/flow/route.ts';
import source from '../../src/nodes/flow/source.ts';
import split from '../../src/nodes/flow/split.ts';
import { runExample } from './run-example.ts';

async function run(definition: NodeDefinition, params: Record<string, unknown>, ...payloads: unknown[]) {
  const { results, ports, errors } = await runExample(definition, { params, payloads, results: [] });
  return { results, ports, errors: errors.map(({ name, message }) => `${name}: ${message}`) };
}

async function issueOf(definition: NodeDefinition, params: Record<string, unknown>) {
  try {
    await definition.prepare?.(definition.params.parse(params), { compile });
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues[0];
  }
  throw new Error('It was accepted');
}

describe('code.js', () => {
  it('gives whatever the function gives', async () => {
    const values = [undefined, null, 0, '', Number.NaN, [], 10n];
    expect((await run(js, { code: '(x) => x' }, ...values)).results).toEqual(values);
    expect((await run(js, { code: 'async () => {}' }, 1)).results).toEqual([undefined]);
  });

  it('passes the context after the payload', async () => {
    expect((await run(js, { code: '(x, ctx) => [x, ctx.node]' }, 1)).results).toEqual([[1, 'n']]);
    expect(
      (await run(js, { code: '(a, b, ctx) => [a, b, ctx.task !== undefined]', spread: true }, [1, 2]))
        .results,
    ).toEqual([[1, 2, true]]);
  });

  it('fails the task, not the batch, with the name and the line of the error', async () => {
    const { results, errors } = await runExample(js, {
      params: {
        code: '(x) => {\n  if (x === 2) { const e = new Error("no two"); e.name = "ValueError"; throw e; }\n  return x;\n}',
      },
      payloads: [1, 2, 3],
      results: [],
    });
    expect(results).toEqual([1, 3]);
    expect(errors).toEqual([
      expect.objectContaining({
        name: 'ValueError',
        message: 'no two',
        stack: expect.stringContaining('handloom/code:2:'),
      }),
    ]);
  });

  it('keeps what a module holds between its tasks', async () => {
    expect((await run(js, { code: 'let n = 0;\nexport default () => ++n' }, 1, 1, 1)).results).toEqual([
      1, 2, 3,
    ]);
  });

  it('names the line that does not parse', async () => {
    expect(await issueOf(js, { code: '(x) => {\n  return ;;; }}' })).toMatchObject({
      code: 'code_syntax',
      field: 'code',
      line: 2,
    });
  });
});

describe('flow.source', () => {
  it('takes a list or a function, not both', async () => {
    expect(await issueOf(source, { items: [1], code: '() => [2]' })).toMatchObject({
      code: 'source_ambiguous',
      field: 'code',
    });
    expect((await run(source, { items: [1], code: ' ' }, undefined)).results).toEqual([1]);
    expect((await run(source, {}, undefined)).results).toEqual([]);
  });

  it('takes async generators', async () => {
    expect(
      (await run(source, { code: 'async function* () { yield 1; yield 2 }' }, undefined)).results,
    ).toEqual([1, 2]);
    expect((await run(source, { code: 'async () => new Set([1, 2])' }, undefined)).results).toEqual([1, 2]);
  });
});

describe('flow.split', () => {
  it('takes sets, maps, typed arrays and async generators', async () => {
    const { results } = await run(split, {}, new Set([1]), new Map([['a', 2]]), new Uint8Array([3]));
    expect(results).toEqual([1, ['a', 2], 3]);
    expect((await run(split, { code: 'async function* (n) { yield n; yield n }' }, 7)).results).toEqual([
      7, 7,
    ]);
  });

  it('never splits a text by itself', async () => {
    expect((await run(split, {}, 'abc')).errors[0]).toMatch(/^TypeError: .*the text "abc".*\[\.\.\.text\]/);
    expect((await run(split, { code: '(x) => x' }, 'abc')).errors[0]).toMatch(/^TypeError: /);
    expect((await run(split, { code: '(x) => [...x]' }, 'abc')).results).toEqual(['a', 'b', 'c']);
  });

  it('gives nothing of a generator that fails on its way', async () => {
    const { results, errors } = await run(
      split,
      { code: 'function* (n) { yield n; if (n === 1) throw new Error("broken"); }' },
      1,
      2,
    );
    expect(results).toEqual([2]);
    expect(errors).toEqual(['Error: broken']);
  });
});

describe('flow.route', () => {
  const accepts = (ports: unknown) => route.params.safeParse({ ports, code: '() => "a"' }).success;

  it('has the ports it is told, each of its own name', () => {
    expect(outputsOf(route, { ports: ['a', 'b'], code: '' }).map((port) => port.name)).toEqual(['a', 'b']);
    expect(accepts(['a', 'b'])).toBe(true);
    for (const ports of [[], ['a', 'a'], ['error'], [''], [1], 'a', undefined])
      expect(accepts(ports)).toBe(false);
  });

  it('names the ports when the function picks another', async () => {
    const { errors } = await run(route, { ports: ['a', 'b'], code: '(x) => x' }, 'c', undefined, ['a'], 'a');
    expect(errors[0]).toBe('RouteError: The function has to give one of "a", "b", but it gave the text "c".');
    expect(errors).toHaveLength(3);
  });
});

describe('flow.reduce', () => {
  it('begins with the start value, also with null, or else with the first value', async () => {
    expect((await run(reduce, { code: '(a, x) => [a, x]', initial: null }, 1, 2)).results).toEqual([
      [[null, 1], 2],
    ]);
    expect((await run(reduce, { code: '(a, x) => [a, x]' }, 1, 2)).results).toEqual([[1, 2]]);
  });

  it('waits for an async function', async () => {
    expect((await run(reduce, { code: 'async (a, x) => a + x', initial: 10 }, 1, 2)).results).toEqual([13]);
  });

  it('does not let one gathering see the changes of another', async () => {
    const params = { code: '(list, x) => { list.push(x); return list }', initial: [] };
    expect((await run(reduce, params, 1, 2)).results).toEqual([[1, 2]]);
    expect((await run(reduce, params, 3)).results).toEqual([[3]]);
  });
});
