/** What every kind of worker must do with the values that it copies, and with those that cannot be. */
import { outcome } from '../../src/engine/executor.ts';
import { assert, assertEqual } from './deep-equal.ts';
import type { WorkerCase } from './worker-case.ts';

const { succeeded, failed } = outcome;

export const valueCases: WorkerCase[] = [
  {
    name: 'copies every kind of value as structured cloning does',
    async run(h) {
      const cyclic: Record<string, unknown> = { name: 'loop' };
      cyclic.self = cyclic;
      const payload = {
        date: new Date(12345),
        map: new Map<unknown, unknown>([[{ k: 1 }, new Set([1, 'a'])]]),
        big: 123456789012345678901234567890n,
        floats: new Float64Array([1.5, Number.NaN, -0]),
        bytes: new Uint8Array([1, 2, 3]),
        part: new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2),
        nothing: undefined,
        numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY],
        sparse: [1, undefined, null],
        pattern: /a+/gi,
        error: new RangeError('inside'),
        cyclic,
      };
      assertEqual(await h.value('(x) => x', payload), payload);
      assertEqual(await h.value('() => undefined'), undefined);
      assertEqual(await h.value('() => [-0, NaN, 5n]'), [-0, Number.NaN, 5n]);
    },
  },
  {
    name: 'refuses a list of billions of holes at once, and takes one of a few million',
    async run(h) {
      const code = '(length) => { const list = [1]; list.length = length; return { list }; }';
      const { errors, values } = await h.run({ code }, [4_294_967_295, 5_000_000]);
      assertEqual(errors[0]?.code, 'not_cloneable');
      assert(
        errors[0]?.message.includes('result.list (a list of 4294967295 items)') === true,
        `the message is ${errors[0]?.message}`,
      );
      assertEqual((values[0] as { list: unknown[] }).list.length, 5_000_000);
    },
  },
  {
    name: 'fails only the tasks whose results cannot be copied, naming the path',
    async run(h) {
      const code = `(x) => x === 2 ? { rows: [1, { 'a b': { format() {} } }] } : x === 4 ? new Map([['k', Symbol('s')]]) : x`;
      const result = await h.run({ code }, [1, 2, 3, 4, 5]);
      assertEqual(result.values, [1, 3, 5]);
      assertEqual(result.outcomes, [succeeded, failed, succeeded, failed, succeeded]);
      assertEqual(
        result.errors.map(({ code }) => code),
        ['not_cloneable', 'not_cloneable'],
      );
      assert(
        result.errors[0]?.message.includes('result.rows[1]["a b"].format (a function)'),
        `${result.errors[0]?.message}`,
      );
      assert(
        result.errors[1]?.message.includes('result.get("k") (a symbol)'),
        `${result.errors[1]?.message}`,
      );
    },
  },
  {
    name: 'refuses what is nested too deeply, also where a short way leads to each of its parts, and goes on',
    async run(h) {
      const code = `(n) => {
        const all = [];
        let chain = null;
        for (let i = 0; i < n; i++) all.unshift((chain = { chain }));
        return n % 2 ? all : chain;
      }`;
      const result = await h.run({ code }, [900, 1500, 901, 1501, 40_000, 1]);
      assertEqual(result.outcomes, [0, 1, 0, 1, 1, 0], 'outcomes');
      for (const { name, code: told, message } of result.errors) {
        assertEqual([name, told], ['DataCloneError', 'too_deep'], message);
        assert(message.includes('more than 1000 levels'), message);
      }
    },
  },
  {
    name: 'finds the culprit in maps, sets, lists, errors and one of many results',
    async run(h) {
      const code = `(x) => [
        () => new Map([[{ a: 1 }, 1], ['deep', new Set([1, [2, { f() {} }]])]]),
        () => new Map([[() => 1, 1]]),
        () => new Error('outer', { cause: { why: Symbol('s') } }),
        () => many([1, { ok: true }, [() => 1], 4]),
        () => ({ proxy: new Proxy({}, {}) }),
        () => Object.assign([1], { named() {} }),
        () => async () => 1,
        async () => ({ later: Promise.resolve() }),
        () => 'fine',
      ][x]()`;
      const payloads = [0, 1, 2, 3, 4, 5, 6, 7, 8];
      for (const mode of ['thread', 'async'] as const) {
        const result = await h.run({ code, policy: { mode } }, payloads);
        assertEqual(result.values, ['fine'], mode);
        assertEqual(
          result.errors.map(({ name, code, message }) => [name, code, /copied: (.*)\.$/.exec(message)?.[1]]),
          [
            'result.get("deep").values[1][1].f (a function)',
            'result.keys(() => 1) (a function)',
            'result.cause.why (a symbol)',
            'result[0] (a function)',
            'result.proxy (a Object)',
            'result.named (a function)',
            'result (a function)',
            'result.later (a Promise; await it)',
          ].map((where) => ['DataCloneError', 'not_cloneable', where]),
          mode,
        );
      }
    },
  },
  {
    name: 'refuses what no journal can keep, though a channel may carry it',
    async run(h) {
      // Also where a page may not name the class.
      const shared = 'new WebAssembly.Memory({ shared: true, initial: 1, maximum: 1 }).buffer';
      const code = `(x, ctx, shared = () => ${shared}) => [
        () => ({ shared: shared() }),
        () => [new Uint8Array(shared())],
        () => new Map([['file', new Blob(['bytes'])]]),
        () => many([new Blob(['bytes'])]),
        () => { const error = new Error('round'); error.cause = { error }; return [error]; },
      ][x]()`;
      const sharedView = 'result[0].buffer (a SharedArrayBuffer; give a copy instead)';
      const { errors, values } = await h.run({ code }, [0, 1, 2, 3, 4]);
      assertEqual(values, []);
      assertEqual(
        // Where a page may not name the class, the view itself is the culprit.
        errors.map(({ code, message }) => [
          code,
          /copied: (.*)\.$/.exec(message)?.[1]?.replace('result[0] (a Uint8Array)', sharedView),
        ]),
        [
          ['not_cloneable', 'result.shared (a SharedArrayBuffer; give a copy instead)'],
          ['not_cloneable', sharedView],
          ['not_cloneable', 'result.get("file") (a Blob; give its bytes instead)'],
          ['not_cloneable', 'result (a Blob; give its bytes instead)'],
          ['not_cloneable', 'result[0].cause (a Object)'],
        ],
      );
    },
  },
  {
    name: 'gives binary data buffers of their own, and the class off an instance',
    async run(h) {
      const code = `(x) => [x.bytes.buffer.byteLength, x.left.buffer === x.right.buffer, x.bytes.constructor.name,
        Object.getPrototypeOf(x.point) === Object.prototype, x.point.x, x.view.getUint8(0)]`;
      class Point {
        x = 7;
        get y() {
          return 8;
        }
      }
      const shared = new ArrayBuffer(16);
      const payload = {
        bytes: new Uint8Array([1, 2, 3]),
        left: new Uint8Array(shared, 0, 8),
        right: new Float64Array(shared, 8),
        view: new DataView(new Uint8Array([5, 6]).buffer, 1),
        point: new Point(),
      };
      assertEqual(await h.value(code, payload), [3, true, 'Uint8Array', true, 7, 6]);
      const back = (await h.value('(x) => x', payload)) as typeof payload;
      assertEqual([back.bytes.buffer.byteLength, back.left.buffer === back.right.buffer], [3, true], 'back');
    },
  },
  {
    name: 'fails the steps of a fold that leave a state which cannot be kept, and no others',
    async run(h) {
      const code = `{ initial: () => ({ sum: 0 }), step(s, x) {
        if (x === 5) throw new Error('five'); return { sum: s.sum + x, ...(x === 3 && { f() {} }) }; } }`;
      const { outcomes, errors, state } = await h.run({ type: 'test.fold', code }, [1, 3, 5, 2]);
      assertEqual(outcomes, [succeeded, failed, failed, succeeded]);
      assertEqual(state, { value: { sum: 3 } });
      assertEqual([errors[0]?.code, errors[1]?.message], ['not_cloneable', 'five']);
      assert(errors[0]?.message.includes('state.f (a function)'), `${errors[0]?.message}`);
      const bad = await h.run(
        { type: 'test.fold', code: '{ initial: () => ({ f() {} }), step: (s) => s }' },
        [1],
      );
      assertEqual([bad.outcomes, bad.errors[0]?.code], [[failed], 'not_cloneable']);
    },
  },
];
