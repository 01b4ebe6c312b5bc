// @ts-check
/** What the runs of a million tasks have shown, as lines and tables. */
import { grouped, markdownTable } from './summary.mjs';

/** @typedef {import('./million.mjs').Findings} Findings */

/** One line for each way to a million, and for each wait that has a target. @param {Findings} findings */
export function millionLines({ scales, waits }) {
  const largest = new Map(scales.map((scale) => [scale.way, scale]));
  return [
    ...[...largest.values()].map(({ way, tasks, usPerTask, toSmallest, peakMb }) => {
      const linear = toSmallest === undefined ? '' : `, ${toSmallest} × that of a small run (at most 1.3)`;
      const memory = peakMb === undefined ? '' : `, at most ${peakMb} MB held`;
      return `${way}: ${grouped(tasks)} tasks at ${usPerTask} µs each${linear}${memory}.`;
    }),
    ...waits
      .filter(({ targetMs }) => targetMs !== undefined)
      .map(
        ({ what, ms, targetMs = 0 }) =>
          `1,000,000 tasks, ${what}: ${grouped(ms)} ms (at most ${grouped(targetMs)}).`,
      ),
  ];
}

/** @param {Findings} findings */
export function millionTables({ scales, waits }) {
  const tables = [];
  if (scales.length > 0) {
    const head = ['', 'tasks', 'ms', 'µs a task', '÷ smallest', 'most memory, MB'];
    const rows = scales.map(({ way, tasks, ms, usPerTask, toSmallest, peakMb }) => [
      way,
      grouped(tasks),
      grouped(ms),
      String(usPerTask),
      String(toSmallest ?? ''),
      String(peakMb ?? ''),
    ]);
    tables.push(`### Up to 1,000,000 tasks\n\n${explanation}\n\n${markdownTable(head, rows)}`);
  }
  if (waits.length > 0) {
    const head = ['', 'ms', 'at most', 'most memory, MB'];
    const rows = waits.map(({ what, ms, targetMs, peakMb }) => [
      what,
      grouped(ms),
      targetMs === undefined ? '' : grouped(targetMs),
      String(peakMb ?? ''),
    ]);
    tables.push(`### A journal of 1,000,000 tasks, on Node\n\n${markdownTable(head, rows)}`);
  }
  return tables.join('\n\n');
}

const explanation = `add → square in growing sizes; the time is that of the report. \`handloom run\` is a cold process each time, so its small
runs are mostly the start of its threads; the others are warm. Memory is the most that the process, all its threads
included, had ever held when the run ended (in Chromium: all renderers together, each at its own peak); \`handloom run\`
holds and writes all results in its report besides.`;
