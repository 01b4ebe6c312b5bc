/** The last things that happened in a simulated world, for whoever looks into a failure. */
import type { Batch } from '../../src/engine/executor.ts';
import type { JournalEntry } from '../../src/engine/journal/journal.ts';
import type { SchedulerEvent } from '../../src/engine/scheduler/scheduler.ts';
import type { Commands } from '../../src/engine/scheduler/scheduler-state.ts';

interface Moment {
  at: number;
  who: string;
  what: string;
  details: unknown;
}

export class Trace {
  readonly #limit: number;
  #moments: Moment[] = [];
  #start: number | undefined;

  constructor(limit = 40) {
    this.#limit = limit;
  }

  add(at: number, who: string, what: string, details?: unknown): void {
    this.#start ??= at;
    this.#moments.push({ at: at - this.#start, who, what, details });
    if (this.#moments.length > this.#limit * 2) this.#moments = this.#moments.slice(-this.#limit);
  }

  toString(): string {
    return this.#moments.slice(-this.#limit).map(describe).join('\n');
  }
}

function describe({ at, who, what, details }: Moment): string {
  const line = `${at.toFixed(2).padStart(10)} ${who} ${what}`;
  if (!isStep(details)) return details === undefined ? line : `${line} ${brief(details)}`;
  const { event, commands } = details;
  const told = event.type === 'outcome' ? ` ${event.batch} ${brief(event.outcome)}` : '';
  const rest = [
    ...commands.record.map((entry) => `\n             ${describeEntry(entry)}`),
    ...commands.dispatch.map(({ batch }) => `\n             → ${describeBatch(batch)}`),
  ];
  return `${line}${told}${rest.join('')}`;
}

const isStep = (details: unknown): details is { event: SchedulerEvent; commands: Commands } =>
  typeof details === 'object' && details !== null && 'commands' in details;

const describeEntry = ({ at: _, ...entry }: JournalEntry): string => brief(entry);

const describeBatch = ({ id, node, tasks, attempts }: Batch): string =>
  `batch ${id} of ${node}: tasks ${tasks.join()}, attempts ${attempts.join()}`;

/** A value as text, whatever it holds. */
export function brief(value: unknown, longest = 300): string {
  const text = JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    return key === 'stack' ? undefined : part;
  });
  return (text ?? String(value)).slice(0, longest);
}
