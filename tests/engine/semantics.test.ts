import { describe, expect, test } from 'vitest';
import { expectAllAccountedFor } from './accounted-for.ts';
import { runGraph, simulatedEngine } from './run-graph.ts';
import { code, edge, graph, numbers } from './small-graphs.ts';

describe('ending', () => {
  test('a graph without nodes succeeds at once', async () => {
    const { report } = await runGraph(graph([]));
    expect(report.status).toBe('succeeded');
    expect(report.finishedAt).toBeDefined();
  });

  test('a collection behind a filter that lets nothing through gives an empty list', async () => {
    const nodes = [
      { id: 'f', type: 'flow.filter', params: { code: '() => false' } },
      { id: 'c', type: 'flow.collect' },
    ];
    const { report } = await runGraph(graph(nodes, { f: [1, 2] }, [{ source: 'f', target: 'c' }]));
    expect(report.outputs).toEqual({ c: [[]] });
  });

  test('a source without inputs is started once by itself', async () => {
    const nodes = [{ id: 's', type: 'flow.source', params: { items: [1, 2, 3] } }, code('d', '(n) => n * 2')];
    const { report } = await runGraph(graph(nodes, {}, [{ source: 's', target: 'd' }]));
    expect(report.nodes.s?.input).toBe(1);
    expect(report.outputs.d?.toSorted()).toEqual([2, 4, 6]);
  });

  test('a run kept open waits for tasks until it is cancelled', async () => {
    const { engine, clock } = simulatedEngine(1);
    const { id } = await engine.start(graph([code('a', '(n) => n')], { a: [1] }), { keepOpen: true });
    while (clock.next()) await new Promise((resolve) => setImmediate(resolve));
    expect((await engine.summary(id)).status).toBe('running');
    await clock.until(engine.cancel(id));
    expect((await engine.summary(id)).status).toBe('cancelled');
  });
});

describe('order', () => {
  test('a serial node takes its tasks in the order of arrival, also when some are retried later', async () => {
    const flaky = '(n, ctx) => { if (n % 3 === 0 && ctx.attempt < 3) throw new Error("not yet"); return n; }';
    const policy = { mode: 'serial', retry: { max: 2, delayMs: 10 } } as const;
    const { report, executor } = await runGraph(graph([code('a', flaky, { policy })], { a: numbers(30) }));
    expect(report.outputs.a).toEqual(numbers(30));
    expect(report.nodes.a?.retried).toBe(20);
    expect(executor.peak.get('a')).toBe(1);
  });

  test('a collection holds its values in the order of the inputs they descend from', async () => {
    const nodes = [
      code('a', '(n) => n'),
      { id: 's', type: 'flow.split', params: { code: '(n) => [n, n + 0.5]' } },
      code('b', '(n) => n'),
      { id: 'c', type: 'flow.collect' },
    ];
    const edges = [
      { source: 'a', target: 's' },
      { source: 's', target: 'b' },
      { source: 'b', target: 'c' },
    ];
    const expected = numbers(100).flatMap((n) => [n, n + 0.5]);
    for (const seed of [1, 2, 3]) {
      const { report } = await runGraph(graph(nodes, { a: numbers(100) }, edges), seed, { loss: 0.2 });
      expect(report.outputs.c).toEqual([expected]);
    }
  });

  test('a staged node starts only when everything upstream has ended', async () => {
    const nodes = [code('a', '(n) => n'), code('b', '(n) => n', { policy: { start: 'staged' } })];
    const { executor } = await runGraph(graph(nodes, { a: numbers(200) }, [{ source: 'a', target: 'b' }]));
    const last = executor.begun.findLastIndex((task) => task.node === 'a');
    const first = executor.begun.findIndex((task) => task.node === 'b');
    expect(first).toBeGreaterThan(last);
  });

  test('an eager node does not wait for its upstream to end', async () => {
    const nodes = [code('a', '(n) => n'), code('b', '(n) => n')];
    const { executor } = await runGraph(graph(nodes, { a: numbers(200) }, [{ source: 'a', target: 'b' }]));
    const last = executor.begun.findLastIndex((task) => task.node === 'a');
    const first = executor.begun.findIndex((task) => task.node === 'b');
    expect(first).toBeLessThan(last);
  });
});

describe('limits', () => {
  test.each(['thread', 'process', 'async'] as const)('a %s node keeps to its workers', async (mode) => {
    const policy = { mode, workers: 2 };
    const { executor } = await runGraph(graph([code('a', '(n) => n', { policy })], { a: numbers(60) }));
    expect(executor.peak.get('a')).toBe(2);
  });
});

describe('flow control', () => {
  test('a rate limit is never exceeded in any window of its length', async () => {
    const policy = { rateLimit: { count: 5, perMs: 100 } };
    const { report, executor } = await runGraph(
      graph([code('a', '(n) => n', { policy })], { a: numbers(60) }),
    );
    expect(report.nodes.a?.succeeded).toBe(60);
    const times = executor.begun.map(({ at }) => at);
    for (const from of times) {
      expect(times.filter((at) => at >= from && at < from + 100).length).toBeLessThanOrEqual(5);
    }
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThanOrEqual(1100);
  });

  test('a batch never holds more tasks than a worker may take before it is replaced', async () => {
    const policy = { mode: 'process', maxTasksPerWorker: 3 } as const;
    const { executor } = await runGraph(graph([code('a', '(n) => n', { policy })], { a: numbers(200) }));
    expect(executor.largest.get('a')).toBe(3);
  });

  test('a node of higher priority is served first', async () => {
    const nodes = [code('a', '(n) => n'), code('b', '(n) => n', { policy: { priority: 1 } })];
    const { executor } = await runGraph(graph(nodes, { a: numbers(100), b: numbers(100) }));
    expect(executor.begun[0]?.node).toBe('b');
    const lastOfB = executor.begun.findLastIndex((task) => task.node === 'b');
    expect(executor.begun.slice(0, lastOfB).every((task) => task.node === 'b')).toBe(true);
  });
});

describe('failure', () => {
  const failing =
    '(n) => { if (n === 3) { const e = new Error("three"); e.name = "ValueError"; throw e; } return n; }';

  test('the rest of the graph goes on, and the failed task keeps its payload, error and attempts', async () => {
    const policy = { retry: { max: 2, on: ['ValueError'] } };
    const { report } = await runGraph(graph([code('a', failing, { policy })], { a: numbers(6) }));
    expect(report.status).toBe('partial');
    expect(report.outputs.a?.toSorted()).toEqual([0, 1, 2, 4, 5]);
    expect(report.errors).toMatchObject([
      { node: 'a', name: 'ValueError', message: 'three', attempts: 3, payload: 3 },
    ]);
    expect(report.errors[0]?.stack).toContain('three');
  });

  test('an error outside the policy is not retried', async () => {
    const policy = { retry: { max: 2, on: ['TypeError'] } };
    const { report } = await runGraph(graph([code('a', failing, { policy })], { a: [3] }));
    expect(report.nodes.a).toMatchObject({ failed: 1, retried: 0 });
  });

  test('an error port receives the payload and the error, and leaves the outputs alone', async () => {
    const nodes = [code('a', failing), code('rescue', '({ payload, error }) => [payload, error.name]')];
    const edges = [{ source: 'a', sourcePort: 'error', target: 'rescue' }];
    const { report } = await runGraph(graph(nodes, { a: [3, 4] }, edges));
    expect(report.outputs).toEqual({ a: [4], rescue: [[3, 'ValueError']] });
  });

  test('on error stop ends the run as failed, and every task is accounted for', async () => {
    const policy = { onError: 'stop' } as const;
    const { report } = await runGraph(graph([code('a', failing, { policy })], { a: numbers(500) }));
    expect(report.status).toBe('failed');
    expect(report.reason).toBe('ValueError: three');
    expect(report.nodes.a?.cancelled).toBeGreaterThan(400);
    expectAllAccountedFor(report);
  });

  test('what on error stop has given up stays so when the failed task is tried again, and the run is not whole', async () => {
    const once = '(n, ctx) => { if (n === 3 && ctx.attempt === 1) throw new RangeError("three"); return n; }';
    const node = code('a', once, { policy: { mode: 'serial', onError: 'stop' } });
    const { engine, clock, id } = await runGraph(graph([node], { a: numbers(6) }));
    expect(await engine.retry(id)).toBe(1);
    await clock.until(engine.ended(id));
    const { status, nodes } = await engine.report(id);
    expect({ status, ...nodes.a }).toMatchObject({
      status: 'partial',
      succeeded: 4,
      failed: 0,
      cancelled: 2,
    });
    expect(await engine.retry(id, { tasks: ['1'] })).toBe(0);
    await expect(engine.retry(id, { tasks: ['99'] })).rejects.toMatchObject({ code: 'task_not_found' });
  });

  test('on error stop runs nothing that comes behind the task at a serial node', async () => {
    const policy = { mode: 'serial', onError: 'stop' } as const;
    const { report } = await runGraph(graph([code('a', failing, { policy })], { a: numbers(500) }));
    expect(report.outputs.a).toEqual([0, 1, 2]);
    expect(report.nodes.a).toMatchObject({ succeeded: 3, failed: 1, cancelled: 496 });
  });

  test('on error stop goes on to nothing behind the task at a node that a chain leads to', async () => {
    const policy = { mode: 'serial', onError: 'stop' } as const;
    const nodes = [code('first'), code('a', failing, { policy })];
    for (let seed = 0; seed < 20; seed++) {
      const { report } = await runGraph(graph(nodes, { first: numbers(500) }, [edge('first', 'a')]), seed);
      const { succeeded = 0, failed } = report.nodes.a ?? {};
      expect([report.outputs.a?.length, failed]).toEqual([succeeded, 1]);
      expectAllAccountedFor(report);
    }
  });

  test('a value that a fold cannot take fails alone and leaves the state as it was', async () => {
    const params = { code: '(sum, n) => { if (n === 2) throw new RangeError("two"); return sum + n; }' };
    const { report } = await runGraph(graph([{ id: 'r', type: 'flow.reduce', params }], { r: [1, 2, 3] }));
    expect(report.outputs.r).toEqual([4]);
    expect(report.nodes.r).toMatchObject({ succeeded: 2, failed: 1 });
  });
});

describe('cancelling', () => {
  test('all that has not ended is counted as cancelled', async () => {
    const { engine, clock } = simulatedEngine(1);
    const nodes = [code('a', '(n) => n'), code('b', '(n) => n')];
    const { id } = await engine.start(graph(nodes, { a: numbers(1000) }, [{ source: 'a', target: 'b' }]));
    for (let i = 0; i < 10; i++) {
      clock.next();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await clock.until(engine.cancel(id));
    const report = await engine.report(id);
    expect(report.status).toBe('cancelled');
    expect(report.nodes.a?.cancelled).toBeGreaterThan(0);
    expectAllAccountedFor(report);
  });

  test('a run that has ended cannot be cancelled', async () => {
    const { engine, id } = await runGraph(graph([]));
    await expect(engine.cancel(id)).rejects.toMatchObject({ code: 'run_ended' });
  });
});

describe('questions about a run', () => {
  const failing = '(n) => { if (n % 10 === 0) throw new RangeError(`no ${n}`); return n; }';

  test('pages of tasks, outputs and errors join up without gaps or repeats', async () => {
    const { engine, id } = await runGraph(graph([code('a', failing)], { a: numbers(1000) }));
    const all = async <T>(page: (cursor?: string) => Promise<{ items: T[]; nextCursor: string | null }>) => {
      const items: T[] = [];
      let cursor: string | undefined;
      do {
        const next = await page(cursor);
        items.push(...next.items);
        cursor = next.nextCursor ?? undefined;
      } while (cursor);
      return items;
    };
    const cursorOf = (cursor?: string) => (cursor === undefined ? {} : { cursor });
    const tasks = await all((c) => engine.tasks(id, { limit: 70, ...cursorOf(c) }));
    expect(tasks.map((task) => Number(task.id))).toEqual(numbers(1000).map((n) => n + 1));
    const failed = await all((c) => engine.tasks(id, { limit: 7, status: 'failed', ...cursorOf(c) }));
    expect(failed.map((task) => task.payload as number).toSorted((a, b) => a - b)).toEqual(
      numbers(100).map((n) => n * 10),
    );
    const good = await all((c) => engine.tasks(id, { limit: 33, status: 'succeeded', ...cursorOf(c) }));
    expect(good).toHaveLength(900);
    const outputs = await all((c) => engine.outputs(id, { limit: 41, node: 'a', ...cursorOf(c) }));
    expect(new Set(outputs).size).toBe(900);
    const errors = await all((c) => engine.errors(id, { limit: 9, ...cursorOf(c) }));
    expect(errors).toHaveLength(100);
    expect((await engine.errors(id, { q: 'no 990' })).items).toMatchObject([{ payload: 990 }]);
    expect((await engine.errors(id, { node: 'b' })).items).toEqual([]);
  });

  test('a report holds the first outputs and a cursor to the rest', async () => {
    const { engine, id } = await runGraph(graph([code('a', '(n) => n')], { a: numbers(250) }));
    const report = await engine.report(id);
    expect(report.outputs.a).toHaveLength(100);
    const rest = await engine.outputs(id, {
      node: 'a',
      limit: 1000,
      cursor: report.outputCursors?.a as string,
    });
    expect(new Set([...(report.outputs.a ?? []), ...rest.items]).size).toBe(250);
  });

  test('a task tells where it came from and how it went', async () => {
    const nodes = [code('a', '(n) => n + 1'), code('b', '(n) => n')];
    const { engine, id } = await runGraph(graph(nodes, { a: [1] }, [{ source: 'a', target: 'b' }]));
    expect(await engine.task(id, '2')).toMatchObject({
      node: 'b',
      parent: '1',
      payload: 2,
      status: 'succeeded',
      attempts: 1,
    });
    await expect(engine.task(id, '3')).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(engine.task(id, '__proto__')).rejects.toMatchObject({ code: 'task_not_found' });
  });

  test('a cursor that was never given is refused', async () => {
    const { engine, id } = await runGraph(graph([]));
    await expect(engine.outputs(id, { cursor: 'x' })).rejects.toMatchObject({ code: 'bad_cursor' });
  });

  test('a subscriber hears where the run stands and at last how it ended', async () => {
    const { engine, clock } = simulatedEngine(1);
    const { id } = await engine.start(graph([code('a', failing)], { a: numbers(50) }));
    const heard: string[] = [];
    const errors = new Set<string>();
    await engine.subscribe(id, (news) => {
      heard.push(news.run.status);
      for (const error of news.errors) errors.add(error.task);
    });
    await clock.until(engine.ended(id));
    expect(heard[0]).toBe('running');
    expect(heard.at(-1)).toBe('partial');
    expect(errors.size).toBe(5);
  });
});

describe('live control', () => {
  const settle = async (clock: { next(): boolean }) => {
    for (let idle = 0; idle < 5; ) {
      idle = clock.next() ? 0 : idle + 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  test('a paused run sends out nothing more, and goes on when it is told to', async () => {
    const { engine, clock } = simulatedEngine(1);
    const { id } = await engine.start(graph([code('a', '(n) => n')], { a: numbers(500) }));
    clock.next();
    await engine.pause(id);
    await settle(clock);
    const paused = await engine.summary(id);
    expect(paused.status).toBe('paused');
    expect(paused.nodes.a).toMatchObject({ running: 0 });
    expect(paused.nodes.a?.pending).toBeGreaterThan(0);
    await engine.unpause(id);
    await clock.until(engine.ended(id));
    expect((await engine.summary(id)).nodes.a?.succeeded).toBe(500);
  });

  test('tasks are injected into a run that is kept open, and it ends once it is closed', async () => {
    const { engine, clock } = simulatedEngine(1);
    const nodes = [code('a', '(n) => n + 1'), { id: 'c', type: 'flow.collect' }];
    const { id } = await engine.start(graph(nodes, {}, [{ source: 'a', target: 'c' }]), { keepOpen: true });
    await engine.inject(id, { a: [1, 2] });
    await settle(clock);
    await engine.inject(id, { a: [3] });
    await settle(clock);
    expect((await engine.summary(id)).status).toBe('running');
    await expect(engine.inject(id, { z: [1] })).rejects.toMatchObject({ code: 'unknown_node' });
    await engine.close(id);
    await clock.until(engine.ended(id));
    expect((await engine.report(id)).outputs.c).toEqual([[2, 3, 4]]);
    await expect(engine.inject(id, { a: [1] })).rejects.toMatchObject({ code: 'run_ended' });
  });

  test('failed tasks of an ended run are tried again, and what follows from them with them', async () => {
    const { engine, clock } = simulatedEngine(1);
    const flaky =
      '(n, ctx) => { if (n % 4 === 0 && ctx.attempt === 1) throw new RangeError("first"); return n; }';
    const nodes = [code('a', flaky), code('b', '(n) => n * 10')];
    const { id } = await engine.start(graph(nodes, { a: numbers(10) }, [{ source: 'a', target: 'b' }]));
    await clock.until(engine.ended(id));
    const before = await engine.report(id);
    expect(before).toMatchObject({ status: 'partial', nodes: { a: { failed: 3 } } });

    expect(await engine.retry(id, { error: 'TypeError' })).toBe(0);
    expect(await engine.retry(id, { tasks: [before.errors[0]?.task as string] })).toBe(1);
    await clock.until(engine.ended(id));
    expect((await engine.report(id)).errors).toHaveLength(2);
    expect(await engine.retry(id)).toBe(2);
    await clock.until(engine.ended(id));

    const report = await engine.report(id);
    expect(report).toMatchObject({
      status: 'succeeded',
      errors: [],
      nodes: { a: { failed: 0, retried: 3 } },
    });
    expect(report.outputs.b?.toSorted()).toEqual(
      numbers(10)
        .map((n) => n * 10)
        .toSorted(),
    );
    expect(await engine.task(id, before.errors[0]?.task as string)).toMatchObject({
      status: 'succeeded',
      attempts: 2,
    });
    expectAllAccountedFor(report);
  });

  test('a failed task is tried again while the run goes on', async () => {
    const { engine, clock } = simulatedEngine(1);
    const flaky = '(n, ctx) => { if (ctx.attempt === 1) throw new RangeError("first"); return n; }';
    const nodes = [code('a', flaky), { id: 'c', type: 'flow.collect' }];
    const { id } = await engine.start(graph(nodes, { a: [7] }, [{ source: 'a', target: 'c' }]), {
      keepOpen: true,
    });
    await settle(clock);
    expect(await engine.retry(id)).toBe(1);
    await engine.close(id);
    await clock.until(engine.ended(id));
    expect(await engine.report(id)).toMatchObject({ status: 'succeeded', outputs: { c: [[7]] } });
  });
});

test('two subscribers hear of each error once, whenever they come', async () => {
  const { engine, clock } = simulatedEngine(1);
  const failing = '(n) => { throw new RangeError(`no ${n}`); }';
  const { id } = await engine.start(graph([code('a', failing)], { a: numbers(8) }));
  const heard: string[][] = [[], []];
  await engine.subscribe(id, (news) => heard[0]?.push(...news.errors.map((error) => error.task)));
  while ((await engine.summary(id)).nodes.a?.failed === 0) {
    clock.next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await engine.subscribe(id, (news) => heard[1]?.push(...news.errors.map((error) => error.task)));
  await clock.until(engine.ended(id));
  const all = numbers(8).map((n) => String(n + 1));
  for (const tasks of heard) expect(tasks.toSorted()).toEqual(all);
});
