import { describe, expect, it, vi } from 'vitest';
import { createProgressView, leftText, rateText } from '../../server/cli/progress-view.ts';
import { emptyGraph } from '../../src/schema/graph.ts';
import { emptyCounters, type RunReport } from '../../src/schema/run.ts';

/** What a terminal of this size is sent. */
function terminal(isTTY: boolean, rows = 24) {
  const written: string[] = [];
  const stream = {
    isTTY,
    rows,
    columns: 100,
    write: (text: string) => written.push(text),
    on() {},
    once() {},
    removeListener() {},
  };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => written.join('') };
}
const counters = (more: object) => ({ ...emptyCounters(), ...more });
const graphOf = (ids: string[]) => ({
  ...emptyGraph('g\u001b[2J'),
  nodes: ids.map((id) => ({ id, type: 'code.js' })),
});
const report = (nodes: RunReport['nodes']): RunReport => ({
  id: 'r',
  graph: 'g\u001b[2J',
  status: 'partial',
  nodes,
  outputs: {},
  errors: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:01.000Z',
  finishedAt: '2026-01-01T00:00:03.500Z',
});
const progress = (nodes: RunReport['nodes'], rates: Record<string, number>) => ({
  seq: 1,
  run: report(nodes),
  edges: [],
  rates,
  errors: [],
  logs: [],
});

describe('progress on a terminal', () => {
  it('has a bar per node with counts, rate and remaining time', async () => {
    const { stream, text } = terminal(true);
    const view = await createProgressView(stream, graphOf(['load', 'compute']));
    const nodes = {
      load: counters({ input: 10, succeeded: 10 }),
      compute: counters({ input: 1000, succeeded: 240, failed: 10 }),
    };
    view.update(progress(nodes, { compute: 25 }));
    view.end(report(nodes));
    expect(text()).toMatch(/load .*10\/10/);
    expect(text()).toMatch(/compute .*250\/1000 +100\/s +\S*\n/);
  });

  it('tells rates and remaining times in a few characters', () => {
    expect([0, 0.25, 9.96, 1234.5].map(rateText)).toEqual(['', '0.3/s', '10.0/s', '1235/s']);
    expect([undefined, 300].map((ms) => leftText(ms))).toEqual(['', '']);
    expect([700, 30_000, 300_000, 10_000_000].map((ms) => leftText(ms))).toEqual([
      '1 s left',
      '30 s left',
      '5 min left',
      '2.8 h left',
    ]);
    expect(leftText(30_000, true)).toBe('over 30 s left');
  });

  it('shows the time that the engine expects to remain, by node and for all', async () => {
    const nodes = { load: counters({ input: 10, succeeded: 5 }), compute: counters({ input: 5 }) };
    const remaining = { runMs: 42_000, atLeast: true, nodes: { load: 7_000 } };
    // The bars are drawn a few times a second, not at each update.
    vi.useFakeTimers();
    const byNode = terminal(true);
    const view = await createProgressView(byNode.stream, graphOf(['load', 'compute']));
    view.update({ ...progress(nodes, { load: 1 }), remaining });
    vi.advanceTimersByTime(1000);
    view.end(report(nodes));
    expect(byNode.text()).toMatch(/load .*5\/10 +1\.0\/s +7 s left/);
    expect(byNode.text()).not.toContain('42 s');
    const forAll = terminal(true, 3);
    const line = await createProgressView(forAll.stream, graphOf(['load', 'compute']));
    line.update({ ...progress(nodes, { load: 1 }), remaining });
    vi.advanceTimersByTime(1000);
    line.end(report(nodes));
    vi.useRealTimers();
    expect(forAll.text()).toContain('over 42 s left');
  });

  it('has one bar for all where the rows would not do', async () => {
    const { stream, text } = terminal(true, 5);
    const ids = Array.from({ length: 20 }, (_, i) => `n${i}`);
    const view = await createProgressView(stream, graphOf(ids));
    const nodes = Object.fromEntries(ids.map((id) => [id, counters({ input: 5, succeeded: 2 })]));
    view.update(progress(nodes, {}));
    view.end(report(nodes));
    expect(text()).toContain('40/100');
    expect(text()).not.toContain('n7');
  });

  it('is one line at the end where there is none, without what could take it over', async () => {
    const { stream, text } = terminal(false);
    const view = await createProgressView(stream, graphOf(['a']));
    const nodes = { a: counters({ input: 3, succeeded: 1, failed: 2 }) };
    view.update(progress(nodes, {}));
    view.end(report(nodes));
    expect(text()).toBe('g[2J: partial in 2.50 s, 3 tasks, 2 failed\n');
  });

  it.each([true, false])(
    'tells once why a run waits for its store, and that it goes on (terminal: %s)',
    async (isTTY) => {
      vi.useFakeTimers();
      const { stream, text } = terminal(isTTY);
      const view = await createProgressView(stream, graphOf(['a']));
      const going = progress({ a: counters({ input: 2 }) }, {});
      const reason = 'The run waits for its store: There is no room left on the disk.';
      const run = { ...going.run, status: 'paused' as const, reason, reasonCode: 'store_full' };
      view.update({ ...going, run });
      view.update({ ...going, run });
      vi.advanceTimersByTime(1000);
      view.update({ ...going, run: { ...going.run, status: 'running' } });
      vi.advanceTimersByTime(1000);
      vi.useRealTimers();
      view.end(report(going.run.nodes));
      expect(text().split(reason)).toHaveLength(2);
      expect(text()).toContain('The run goes on.');
    },
  );
});
