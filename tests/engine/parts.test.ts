import { describe, expect, test } from 'vitest';
import { BitSet } from '../../src/engine/bit-set.ts';
import { components, isCyclic } from '../../src/engine/graph/topology.ts';
import { batchSize, measure, unknownCost } from '../../src/engine/scheduler/batch-size.ts';
import { RankedSet } from '../../src/engine/scheduler/ranked-set.ts';
import { RateMeter } from '../../src/engine/scheduler/rate-meter.ts';
import { mayRetry, retryDelay } from '../../src/engine/scheduler/retry.ts';
import { TaskQueue } from '../../src/engine/scheduler/task-queue.ts';
import { canonicalKey } from '../../src/engine/values/canonical.ts';
import { policySchema } from '../../src/schema/policy.ts';
import { cloneable, tangled } from '../contracts/cloneable.ts';
import fc from '../property.ts';

describe('canonical keys', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, shuffled(item)]),
    );
  };

  test('do not depend on the order of keys', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => canonicalKey(value) === canonicalKey(shuffled(value))));
  });

  test('are equal for equal JSON values only', () => {
    const text = (value: unknown) => JSON.stringify(JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        if (canonicalKey(a) === canonicalKey(b))
          expect(canonicalKey(JSON.parse(text(a)))).toBe(canonicalKey(b));
        else expect(text(a)).not.toBe(text(b));
      }),
    );
  });

  test.each([
    [-0, 0],
    [1, 1.0],
    [
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [new Set([1, 2]), new Set([2, 1])],
    [{ a: undefined }, { a: undefined }],
  ])('take %o and %o for one', (a, b) => {
    expect(canonicalKey(a)).toBe(canonicalKey(b));
  });

  test.each([
    [1, '1'],
    [1, 1n],
    [null, undefined],
    [{ a: "1',b:'2" }, { a: '1', b: '2' }],
    [['a","b'], ['a', 'b']],
    [{ a: 1 }, { a: 1, b: undefined }],
    [new Date(0), 0],
    [new Uint8Array([1]), [1]],
    [new Uint8Array([1]), new Int8Array([1])],
    [Object(1), Object(2)],
    [Object('a'), 'a'],
    [new Array(1), [undefined]],
    [Object.assign([1], { x: 2 }), [1]],
    [new Error('e', { cause: 1 }), new Error('e', { cause: 2 })],
    [Object.assign(new Error('e'), { code: 1 }), new Error('e')],
    [new Date(Number.NaN), new Date(0)],
    ['x'.repeat(100), 'x'.repeat(101)],
    [
      [[1], 2],
      [1, [2]],
    ],
  ])('tell %o from %o', (a, b) => {
    expect(canonicalKey(a)).not.toBe(canonicalKey(b));
  });

  test('see the same in a Buffer as in the Uint8Array it arrives as, and nothing in stacks', () => {
    expect(canonicalKey(Buffer.from('hi'))).toBe(canonicalKey(new Uint8Array([104, 105])));
    const [a, b] = [new Error('e'), new Error('e')];
    b.stack = 'elsewhere';
    expect(canonicalKey(a)).toBe(canonicalKey(b));
  });

  test('are equal for every payload and its clone, and for a payload that is told from others only', () => {
    fc.assert(
      fc.property(tangled, cloneable, (value, other) => {
        expect(canonicalKey(structuredClone(value))).toBe(canonicalKey(value));
        expect(canonicalKey([value, other])).not.toBe(canonicalKey([value, [other]]));
      }),
      { numRuns: 100 },
    );
  });

  test('are had of payloads nested more deeply than the stack allows', () => {
    const nested = (inmost: number) => {
      let value: unknown = inmost;
      for (let depth = 0; depth < 5000; depth++) value = depth % 2 ? [value] : { value };
      return value;
    };
    expect(canonicalKey(nested(1))).toBe(canonicalKey(nested(1)));
    expect(canonicalKey(nested(1))).not.toBe(canonicalKey(nested(2)));
  });

  test('take no longer where parts are shared many levels deep', () => {
    const shared = (isShared: boolean, levels: number) => {
      const leaf = (): unknown => ({ at: new Date(5) });
      const grow = (depth: number): unknown =>
        depth === 0 ? leaf() : { left: grow(depth - 1), right: grow(depth - 1) };
      if (!isShared) return grow(levels);
      let value = leaf();
      for (let depth = 0; depth < levels; depth++) value = { left: value, right: value };
      return value;
    };
    expect(canonicalKey(shared(true, 8))).toBe(canonicalKey(shared(false, 8)));
    // Written part by part it would be 2^200 of them.
    expect(canonicalKey(shared(true, 200))).not.toBe(canonicalKey(shared(true, 199)));
  });

  test('tell apart what is shared from where it comes back to', () => {
    const ring = (): unknown[] => {
      const outer: unknown[] = [];
      const inner = [outer];
      outer.push(inner, [inner]);
      return outer;
    };
    const inOnePlace: unknown[] = [];
    inOnePlace.push([inOnePlace], [[inOnePlace]]);
    expect(canonicalKey(ring())).toBe(canonicalKey(inOnePlace));
    const self: unknown[] = [];
    self.push(self);
    expect(canonicalKey([self, self])).toBe('[[^1],[^1]]');
  });

  test('end on a payload that holds itself', () => {
    const loop: Record<string, unknown> = { a: 1 };
    loop.self = loop;
    expect(canonicalKey(loop)).toBe('{"a":1,"self":^1}');
  });
});

describe('topology', () => {
  const graphs = fc
    .integer({ min: 1, max: 8 })
    .chain((size) =>
      fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), { minLength: size, maxLength: size }),
    );
  const reach = (successors: number[][], from: number): Set<number> => {
    const seen = new Set<number>();
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const next of successors[at] ?? []) if (!seen.has(next) && seen.add(next)) open.push(next);
    }
    return seen;
  };

  test('two nodes share a component exactly when each reaches the other', () => {
    fc.assert(
      fc.property(graphs, (successors) => {
        const { of } = components(successors);
        successors.forEach((_, a) => {
          successors.forEach((__, b) => {
            const mutual = a === b || (reach(successors, a).has(b) && reach(successors, b).has(a));
            expect(of[a] === of[b]).toBe(mutual);
          });
        });
      }),
    );
  });

  test('every edge leads to an equal or higher component, and to a higher layer outside cycles', () => {
    fc.assert(
      fc.property(graphs, (successors) => {
        const { of, layer, members } = components(successors);
        successors.forEach((targets, a) => {
          for (const b of targets) {
            expect(of[b]).toBeGreaterThanOrEqual(of[a] as number);
            if (of[a] !== of[b])
              expect(layer[of[b] as number]).toBeGreaterThan(layer[of[a] as number] as number);
          }
          expect(isCyclic(members[of[a] as number] as number[], successors)).toBe(
            reach(successors, a).has(a),
          );
        });
      }),
    );
  });
});

describe('batch sizes', () => {
  const measured = (count: number, busyMs: number) => {
    const cost = unknownCost();
    measure(cost, count, busyMs);
    return cost;
  };

  test('begin with one task', () => {
    expect(batchSize(unknownCost(), 1000, 2)).toBe(1);
  });
  test('leave a slow task alone', () => {
    expect(batchSize(measured(1, 50), 1000, 2)).toBe(1);
  });
  test('grow step by step towards twenty milliseconds of work', () => {
    expect(batchSize(measured(1, 0.01), 100_000, 2)).toBe(8);
    expect(batchSize(measured(1000, 20), 100_000, 2)).toBe(1000);
    expect(batchSize(measured(1000, 1), 100_000, 2)).toBe(4096);
  });
  test('share a short queue among the workers', () => {
    expect(batchSize(measured(1000, 1000), 8, 4)).toBe(2);
  });
  test('never exceed the queue, nor fall below one', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 64 }),
        (count, ms, queued, lanes) => {
          const size = batchSize(measured(count, ms), queued, lanes);
          expect(size).toBeGreaterThanOrEqual(1);
          expect(size).toBeLessThanOrEqual(queued);
          expect(Number.isInteger(size)).toBe(true);
        },
      ),
    );
  });
});

test('a task queue behaves as a list, the end of which may have been spilled', () => {
  const command = fc.oneof(
    fc.nat(50).map((count) => ({ append: count })),
    fc.nat(5).map((count) => ({ push: count })),
    fc.nat(40).map((count) => ({ take: count })),
    fc.nat(10).map((count) => ({ putBack: count })),
    fc.nat(20).map((count) => ({ load: count })),
  );
  const payloadsOf = (tasks: number[]) => tasks.map((task) => `p${task}`);
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), fc.nat(3000), (commands, limit) => {
      const budget = { limit, used: 0 };
      const queue = new TaskQueue(budget);
      let loaded: number[] = [];
      let spilled: number[] = [];
      let next = 1;
      const fresh = (count: number) => Array.from({ length: count }, () => next++);
      for (const c of commands) {
        if ('append' in c) {
          const tasks = fresh(c.append);
          queue.append({ tasks, payloads: payloadsOf(tasks) });
          const isSpilled = queue.spilled > spilled.length;
          if (spilled.length > 0 && tasks.length > 0) expect(isSpilled).toBe(true);
          if (isSpilled) spilled.push(...tasks);
          else loaded.push(...tasks);
        } else if ('push' in c) {
          for (const task of fresh(c.push)) {
            loaded.push(task);
            queue.push(task, `p${task}`);
          }
        } else if ('take' in c) {
          const taken = queue.take(c.take);
          expect(taken).toEqual({
            tasks: loaded.slice(0, c.take),
            payloads: payloadsOf(loaded.slice(0, c.take)),
          });
          loaded = loaded.slice(c.take);
        } else if ('putBack' in c) {
          const tasks = fresh(c.putBack);
          queue.putBack({ tasks, payloads: payloadsOf(tasks) });
          loaded = [...tasks, ...loaded];
        } else {
          const tasks = queue.nextSpilled(c.load);
          expect(tasks).toEqual(spilled.slice(0, c.load));
          queue.load({ tasks, payloads: payloadsOf(tasks) });
          loaded.push(...tasks);
          spilled = spilled.slice(tasks.length);
        }
        expect([queue.loaded, queue.spilled, queue.length]).toEqual([
          loaded.length,
          spilled.length,
          loaded.length + spilled.length,
        ]);
        expect(budget.used).toBeGreaterThanOrEqual(0);
        if (loaded.length === 0) expect(budget.used).toBe(0);
      }
      expect(queue.drain()).toEqual([...loaded, ...spilled]);
      expect([queue.length, budget.used]).toEqual([0, 0]);
    }),
  );
});

test('a bit set behaves as a set', () => {
  const members = fc.array(fc.tuple(fc.boolean(), fc.nat(100_000)), { maxLength: 60 });
  fc.assert(
    fc.property(members, (changes) => {
      const bits = new BitSet();
      const model = new Set<number>();
      for (const [adds, member] of changes) {
        if (adds) bits.add(member);
        else bits.delete(member);
        if (adds) model.add(member);
        else model.delete(member);
      }
      for (const [, member] of changes) {
        for (const near of [member, member + 1, member + 32]) expect(bits.has(near)).toBe(model.has(near));
      }
    }),
  );
});

test('a ranked set serves the lowest rank first', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(20), { minLength: 1 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat(20))),
      (order, commands) => {
        const ranks: number[] = [];
        order.forEach((member, rank) => {
          ranks[member] = rank;
        });
        const set = new RankedSet(ranks);
        const model = new Set<number>();
        for (const [add, pick] of commands) {
          const member = order[pick % order.length] as number;
          for (const target of [set, model]) target[add ? 'add' : 'delete'](member);
          expect(set.first).toBe(order.find((candidate) => model.has(candidate)));
        }
      },
    ),
  );
});

describe('retries', () => {
  const retry = policySchema.parse({ retry: { max: 3, on: ['A'], delayMs: 100, maxDelayMs: 350 } }).retry;
  test('are for the errors named, as often as allowed', () => {
    expect([1, 3, 4].map((attempt) => mayRetry(retry, attempt, 'A'))).toEqual([true, true, false]);
    expect(mayRetry(retry, 1, 'B')).toBe(false);
  });
  test('wait longer each time, up to the limit', () => {
    expect([1, 2, 3].map((attempt) => retryDelay(retry, attempt, () => 0.5))).toEqual([100, 200, 350]);
  });
  test('are spread out by jitter', () => {
    expect(retryDelay({ ...retry, jitter: 0.5 }, 1, () => 0.5)).toBe(75);
    expect(retryDelay({ ...retry, jitter: true }, 1, () => 0.25)).toBe(75);
  });
});

test('a rate is what ended within about the last second', () => {
  const meter = new RateMeter(0, [0]);
  expect(meter.sample(0, [0])).toEqual([0]);
  expect(meter.sample(500, [50])).toEqual([100]);
  expect(meter.sample(1000, [100])).toEqual([100]);
  expect(meter.sample(2000, [100])).toEqual([0]);
});

test('the rate of a resumed run leaves out what had ended before', () => {
  const meter = new RateMeter(0, [1000]);
  expect(meter.sample(100, [1001])).toEqual([10]);
});
