/**
 * A run as it goes, on a terminal: a bar per node. Where there is no terminal, one line when it has ended. In both, a
 * line when it has to wait for its store, and one when it goes on.
 */
import type { MultiBar, SingleBar } from 'cli-progress';
import type { RunProgress } from '../../src/api/services.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { subgraphType } from '../../src/schema/names.ts';
import type { Counters, Remaining, RunSummary } from '../../src/schema/run.ts';
import { nodesWithin } from '../../src/schema/subgraph.ts';
import { printable } from './printable.ts';

export interface ProgressView {
  update(progress: RunProgress): void;
  end(run: RunSummary): void;
}

const longestName = 24;

/** Tasks of a node that have come to an end. */
const endedOf = (node: Counters): number => node.succeeded + node.failed + node.duplicate + node.cancelled;

/** A view on this stream. */
export async function createProgressView(stream: NodeJS.WriteStream, graph: Graph): Promise<ProgressView> {
  const bars = stream.isTTY ? await nodeBars(stream, graph) : undefined;
  const tell = (line: string) => (bars ? bars.tell(line) : stream.write(line));
  let waits: string | undefined;
  return {
    update(progress) {
      const { status, reason, reasonCode } = progress.run;
      const why = status === 'paused' && reasonCode ? reason : undefined;
      if (why !== waits) tell(`${printable(why ?? 'The run goes on.')}\n`);
      waits = why;
      bars?.update(progress);
    },
    end(report) {
      bars?.end(report);
      stream.write(`${summaryLine(report)}\n`);
    },
  };
}

/** `add then square: succeeded in 0.31 s, 4 tasks` */
export function summaryLine(report: RunSummary): string {
  const { graph, status, nodes } = report;
  const seconds = secondsOf(report);
  const sum = (count: (node: Counters) => number) =>
    Object.values(nodes).reduce((all, node) => all + count(node), 0);
  const parts = [
    `${sum((node) => node.input)} tasks`,
    ...[
      ['failed', sum((node) => node.failed)],
      ['duplicate', sum((node) => node.duplicate)],
      ['cancelled', sum((node) => node.cancelled)],
    ]
      .filter(([, count]) => count)
      .map(([name, count]) => `${count} ${name}`),
  ];
  return printable(`${graph}: ${status} in ${seconds.toFixed(2)} s, ${parts.join(', ')}`);
}

interface Bars extends ProgressView {
  /** Writes a line above them. */
  tell(line: string): void;
}

async function nodeBars(stream: NodeJS.WriteStream, graph: Graph): Promise<Bars> {
  const { default: progress } = await import('cli-progress');
  const names = new Map(graph.nodes.map((node) => [node.id, shorten(printable(node.label ?? node.id))]));
  const width = Math.max(0, ...[...names.values()].map((name) => name.length));
  const bars: MultiBar = new progress.MultiBar(
    {
      stream,
      format: `{name} {bar} {value}/{total}  {rate}  {left}`,
      barsize: 28,
      barCompleteChar: '━',
      barIncompleteChar: '─',
      hideCursor: true,
      clearOnComplete: false,
      gracefulExit: false,
      emptyOnZero: true,
    },
    progress.Presets.rect,
  );
  // More bars than the terminal has rows would scroll it away: then one for the whole run.
  const single = graph.nodes.length > (stream.rows || 24) - 2;
  const bar = (name: string) => bars.create(0, 0, { name, rate: '', left: '' });
  const byNode = new Map<string, SingleBar>(
    single ? [] : graph.nodes.map(({ id }) => [id, bar((names.get(id) ?? id).padEnd(width))]),
  );
  // A subgraph is as far as the nodes within it are.
  const within = new Map(
    graph.nodes
      .filter(({ type }) => type === subgraphType)
      .map((node) => [node.id, nodesWithin(node).map(({ id }) => id)]),
  );
  const whole = single ? bar(shorten(printable(graph.name))) : undefined;
  const show = (target: SingleBar | undefined, input: number, ended: number, rate: number, left = '') => {
    target?.setTotal(input);
    target?.update(ended, { rate: rateText(rate), left });
  };
  const showAll = (run: RunSummary, rates: Record<string, number>, remaining?: Remaining) => {
    const showSum = (target: SingleBar | undefined, ids: string[], left: string) => {
      const nodes = ids.flatMap((id) => run.nodes[id] ?? []);
      const input = nodes.reduce((total, node) => total + node.input, 0);
      const ended = nodes.reduce((total, node) => total + endedOf(node), 0);
      const rate = ids.reduce((total, id) => total + (rates[id] ?? 0), 0);
      show(target, input, ended, rate, left);
    };
    for (const [id, target] of byNode) {
      const ids = within.get(id) ?? [id];
      const times = ids.flatMap((one) => remaining?.nodes[one] ?? []);
      showSum(target, ids, leftText(times.length > 0 ? Math.max(...times) : undefined));
    }
    showSum(whole, Object.keys(run.nodes), leftText(remaining?.runMs, remaining?.atLeast));
  };
  return {
    update: ({ run, rates, remaining }) => showAll(run, rates, remaining),
    tell: (line) => bars.log(line),
    end(report) {
      // What stays on the screen is the mean over the whole run.
      const seconds = secondsOf(report);
      const means = Object.entries(report.nodes).map(([id, node]) => [id, endedOf(node) / seconds] as const);
      showAll(report, seconds > 0 ? Object.fromEntries(means) : {});
      bars.stop();
    },
  };
}

function secondsOf({ createdAt, startedAt, finishedAt }: RunSummary): number {
  return (Date.parse(finishedAt ?? createdAt) - Date.parse(startedAt ?? createdAt)) / 1000;
}

const shorten = (name: string): string =>
  name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;

export const rateText = (rate: number): string =>
  rate > 0 ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s` : '';

/** What is expected to remain, in milliseconds; nothing where that is unknown or nearly over. */
export function leftText(ms: number | undefined, atLeast = false): string {
  if (ms === undefined || ms < 500) return '';
  const seconds = Math.round(ms / 1000);
  const text =
    seconds < 60
      ? `${Math.max(1, seconds)} s left`
      : seconds < 3600
        ? `${Math.round(seconds / 60)} min left`
        : `${(seconds / 3600).toFixed(1)} h left`;
  return atLeast ? `over ${text}` : text;
}
