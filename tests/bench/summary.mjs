// @ts-check
/** Medians, ratios and the table that shows them. */

/** @typedef {import('./workloads.mjs').Workload} Workload */
/**
 * @typedef {object} Task what is to be measured
 * @property {import('./workloads.mjs').WorkloadName} name
 * @property {Workload} workload
 * @property {number} count inputs
 * @property {number} cores
 * @property {number} [port] of the Redis for those that need one
 * @property {AbortSignal} signal gives up
 */
/**
 * @typedef {object} Measurement
 * @property {number} ms from the first task to the last result, everything being warm; of Handloom what its report says
 * @property {number} [wholeMs] what its user waited for: the process, or from the request to the end
 * @property {number} sum of all outputs
 * @property {number} [count] inputs that were really measured, where fewer than asked for; `ms` is for all
 */
/** @typedef {(task: Task) => Promise<Measurement>} Measure */
/** @typedef {(task: Task & { page: import('@playwright/test').Page, url: string }) => Promise<Measurement>} MeasureInPage */

/**
 * @typedef {object} Row
 * @property {string} contestant
 * @property {number} ms median
 * @property {number[]} rounds
 * @property {number} [wholeMs] median
 * @property {number} tasksPerSecond
 * @property {number} [toBestPool] its time ÷ that of the best pool
 * @property {number} [toLoopByCores] its time ÷ (that of the plain loop ÷ cores)
 */
/**
 * @typedef {object} Section
 * @property {string} where `engine`, `Node` or `Chromium`
 * @property {string} workload
 * @property {number} tasks
 * @property {string} [bestPool]
 * @property {Row[]} rows
 */
/** @typedef {Record<string, string | number>} Circumstances */

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [low = 0, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

const isLoop = (/** @type {Row} */ { contestant }) => contestant.startsWith('plain loop');
const isQueue = (/** @type {Row} */ { contestant }) => contestant.includes(' on Redis');
const isHandloom = (/** @type {Row} */ { contestant }) => contestant.startsWith('Handloom');

/**
 * @param {string} where
 * @param {Workload} workload
 * @param {number} count inputs
 * @param {number} cores
 * @param {Map<string, Measurement[]>} measured by contestant
 * @returns {Section}
 */
export function sectionOf(where, { title, steps }, count, cores, measured) {
  const tasks = count * steps.length;
  /** @type {Row[]} */
  const rows = [...measured].map(([contestant, rounds]) => {
    const ms = median(rounds.map((round) => round.ms));
    const whole = rounds.flatMap(({ wholeMs }) => wholeMs ?? []);
    const fewer = rounds[0]?.count ?? count;
    return {
      contestant: fewer < count ? `${contestant} (measured: ${grouped(fewer * steps.length)})` : contestant,
      ms: tenth(ms),
      rounds: rounds.map((round) => tenth(round.ms)),
      ...(whole.length > 0 && { wholeMs: tenth(median(whole)) }),
      tasksPerSecond: Math.round((tasks * 1000) / ms),
    };
  });
  const [bestPool] = rows
    .filter((row) => !isLoop(row) && !isHandloom(row) && !isQueue(row))
    .sort((a, b) => a.ms - b.ms);
  const loop = rows.find(isLoop);
  for (const row of rows) {
    if (bestPool) row.toBestPool = ratio(row.ms, bestPool.ms);
    if (loop) row.toLoopByCores = ratio(row.ms, loop.ms / cores);
  }
  return { where, workload: title, tasks, ...(bestPool && { bestPool: bestPool.contestant }), rows };
}

/**
 * One line for each way into Handloom: the figure that matters most, as a ratio of speeds, and what is wanted of it.
 * @param {Section} section
 * @param {Workload} workload
 */
export function headlines({ where, workload: title, bestPool, rows }, { yardstick, wanted }) {
  return rows.filter(isHandloom).map((row) => {
    const name = `${where}, ${title}: ${row.contestant}`;
    const beside = rows.filter(isQueue).map((queue) => `, ${ratio(queue.ms, row.ms)} × ${queue.contestant}`);
    if (yardstick === 'best pool' && row.toBestPool !== undefined)
      return `${name} is ${ratio(1, row.toBestPool)} × as fast as the best pool, ${bestPool} (wanted: ${wanted})${beside.join('')}.`;
    if (yardstick === 'loop ÷ cores' && row.toLoopByCores !== undefined)
      return `${name} is ${ratio(1, row.toLoopByCores)} × as fast as cores × a plain loop (wanted: ${wanted})${beside.join('')}.`;
    return `${name} does ${grouped(row.tasksPerSecond)} tasks/s.`;
  });
}

/** @param {Section} section */
export function tableOf({ where, workload, tasks, rows }) {
  const cells = rows.map((row) => [
    row.contestant,
    grouped(row.ms),
    row.rounds.length > 1 ? `${grouped(Math.min(...row.rounds))} – ${grouped(Math.max(...row.rounds))}` : '',
    row.wholeMs === undefined ? '' : grouped(row.wholeMs),
    grouped(row.tasksPerSecond),
    String(row.toBestPool ?? ''),
    String(row.toLoopByCores ?? ''),
  ]);
  const head = ['', 'median ms', 'range', 'door to door ms', 'tasks/s', '÷ best pool', '÷ (loop ÷ cores)'];
  return `### ${where}: ${workload} (${grouped(tasks)} tasks)\n\n${markdownTable(head, cells)}`;
}

/** Columns of one width, all but the first set to the right. @param {string[]} head @param {string[][]} cells */
export function markdownTable(head, cells) {
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => `${'-'.repeat(width - 1)}${i ? ':' : '-'}`).join(' | ')} |`;
  return [line(head), rule, ...cells.map(line)].join('\n');
}

/**
 * The whole of results.md.
 * @param {Circumstances} circumstances
 * @param {string[]} lines headlines
 * @param {string[]} tables
 */
export function reportOf(circumstances, lines, tables) {
  return `# Benchmark

${Object.entries(circumstances)
  .map(([name, value]) => `${name}: ${value}`)
  .join(' · ')}

Handloom records every task, its result and its lineage (SQLite on Node, IndexedDB in Chromium) and its time is that
of its report, from start to finish; "door to door" is what its user waited for. Pools record nothing, are warm, have a
thread for each core and get one call per task, unless more are named. All contestants take turns in each round; the
figures are medians, and everybody's results have been checked. In the tables, a ratio below 1 is faster than what it is
held against. BullMQ has a thread and Celery a process for each core, both on a Redis that keeps all in memory; being
slow on small work, they get a part of it ("measured"), and their time is that multiplied. Celery's tasks are Python, so
it has no part in the heavy work. "Plain loops, one a core" is what this machine gives when all its cores work.

${lines.map((line) => `- ${line}`).join('\n')}

${tables.join('\n\n')}
`;
}

const tenth = (/** @type {number} */ value) => Math.round(value * 10) / 10;
/** To three digits, since ratios here go from a hundredth to some hundreds. @param {number} a @param {number} b */
const ratio = (a, b) => Number((a / b).toPrecision(3));
export const grouped = (/** @type {number} */ value) =>
  value.toLocaleString('en-US', { maximumFractionDigits: 1 });
