// @ts-check
/**
 * A million tasks: whether time stays linear and memory flat, and how soon so large a run can be asked about and
 * resumed. Everything is recorded, and everybody's results are checked one by one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withPage } from './chromium.mjs';
import { cli, openApp, outputsOverApi, runOverApi, runTime, startServer, withServer } from './handloom.mjs';
import { peakMb, peakMbOfRenderers, watchPeak } from './memory.mjs';
import { makeFolder, runNode } from './owned.mjs';
import { functions, graphOf, workloads } from './workloads.mjs';

/** @typedef {import('../../src/schema/graph.ts').Graph} Graph */
/**
 * @typedef {object} Scale one size of run
 * @property {string} way how Handloom was called, and what for
 * @property {number} tasks
 * @property {number} ms of its report, from start to finish; the median where it ran more than once
 * @property {number} usPerTask
 * @property {number} [toSmallest] time per task ÷ that of the smallest run of this way
 * @property {number | undefined} [peakMb] most memory that its process, threads included, had held at its end
 */
/**
 * @typedef {object} Wait something that a person waits for
 * @property {string} what
 * @property {number} ms
 * @property {number} [targetMs]
 * @property {number | undefined} [peakMb]
 */
/** @typedef {{ scales: Scale[], waits: Wait[] }} Findings */
/** @typedef {{ million: number, signal: AbortSignal }} About `million` may be less, for a try */
/** @typedef {{ ms: number, outputs: number[], peakMb?: number | undefined }} Run */

const addSquare = workloads['add-square'];
/** Inputs of `add → square`, as parts of a million tasks, and how often each is run: small ones last milliseconds. */
const sizes = [
  { part: 0.01, repeats: 7 },
  { part: 0.1, repeats: 3 },
  { part: 1, repeats: 1 },
];

/** @type {Record<string, Record<string, (about: About) => Promise<Findings>>>} */
export const studies = {
  Node: {
    'handloom run': async ({ million, signal }) =>
      found(await scalesOf('handloom run', million, (graph) => viaCommandLine(graph, signal))),

    'over HTTP': ({ million, signal }) =>
      withServer(signal, async ({ url, pid }) => {
        const run = (/** @type {Graph} */ graph) => overHttp(`${url}/api`, graph, pid);
        await run(graphOf(addSquare, million / 20));
        return found(await scalesOf('over HTTP, warm', million, run));
      }),

    splitter: ({ million, signal }) =>
      withServer(signal, async ({ url, pid }) => {
        const { ms, outputs, peakMb } = await overHttp(`${url}/api`, splitter(million), pid);
        checkEach(outputs, million, (i) => i * i);
        return found([scale('over HTTP, all from one splitter', million + 1, ms, peakMb)]);
      }),

    journal,
  },
  Chromium: {
    'in the page': ({ million, signal }) =>
      inPage(signal, async (run) => {
        await run(graphOf(addSquare, million / 20));
        return found(await scalesOf('in the page, warm', million, run));
      }),

    splitter: ({ million, signal }) =>
      inPage(signal, async (run) => {
        const { ms, outputs, peakMb } = await run(splitter(million));
        checkEach(outputs, million, (i) => i * i);
        return found([scale('in the page, all from one splitter', million + 1, ms, peakMb)]);
      }),
  },
};

/**
 * The same graph in growing sizes.
 * @param {string} way
 * @param {number} million
 * @param {(graph: Graph) => Promise<Run>} run
 */
async function scalesOf(way, million, run) {
  /** @type {Scale[]} */
  const scales = [];
  for (const { part, repeats } of sizes) {
    const count = (million / 2) * part;
    /** @type {Run[]} */
    const runs = [];
    for (let i = 0; i < repeats; i++) runs.push(await run(graphOf(addSquare, count)));
    for (const { outputs } of runs) checkEach(outputs, count, (i) => (2 * i + 1) ** 2);
    const middle = runs.map(({ ms }) => ms).sort((a, b) => a - b)[repeats >> 1] ?? 0;
    const next = scale(way, count * 2, middle, runs.at(-1)?.peakMb);
    const [smallest = next] = scales;
    scales.push({ ...next, toSmallest: Number((next.usPerTask / smallest.usPerTask).toPrecision(3)) });
  }
  return scales;
}

/** A process of its own. Its report holds all results. @param {Graph} graph @param {AbortSignal} signal @returns {Promise<Run>} */
async function viaCommandLine(graph, signal) {
  const folder = makeFolder();
  try {
    const [file, report] = [join(folder.path, 'graph.json'), join(folder.path, 'report.json')];
    writeFileSync(file, JSON.stringify(graph));
    const args = ['run', file, '--report', report, '--data', join(folder.path, 'data'), '--quiet'];
    const { child, output } = runNode([cli, ...args], signal);
    const peak = watchPeak(child.pid ?? 0);
    await output.finally(peak);
    const made = JSON.parse(readFileSync(report, 'utf8'));
    return { ms: runTime(made), outputs: made.outputs.square, peakMb: peak() };
  } finally {
    folder.remove();
  }
}

/** @param {string} base @param {Graph} graph @param {number} pid of the server @returns {Promise<Run>} */
async function overHttp(base, graph, pid) {
  const { report } = await runOverApi({ base, graph });
  const peak = peakMb(pid);
  const outputs = await outputsOverApi({ base, id: report.id, node: 'square' });
  return { ms: runTime(report), outputs, peakMb: peak };
}

/**
 * Opens the app in a browser of its own for as long as `use` takes.
 * @template T
 * @param {AbortSignal} signal
 * @param {(run: (graph: Graph) => Promise<Run>) => Promise<T>} use
 * @returns {Promise<T>}
 */
const inPage = (signal, use) =>
  withServer(signal, ({ url }) =>
    withPage(signal, async (page, profile) => {
      await openApp(page, url);
      return use(async (graph) => {
        const { report } = await page.evaluate(runOverApi, { base: '/api', graph });
        const peakMb = peakMbOfRenderers(profile);
        const ask = { base: '/api', id: report.id, node: 'square' };
        return { ms: runTime(report), peakMb, outputs: await page.evaluate(outputsOverApi, ask) };
      });
    }),
  );

/**
 * Kills a server when a run that is kept open has done all it was given, starts another on its data, which reads all of
 * the journal to go on, and asks about the run when it has ended.
 * @param {About} about
 * @returns {Promise<Findings>}
 */
async function journal({ million, signal }) {
  const folder = makeFolder();
  // The last input comes by itself: see `keptOpen`.
  const count = million / 2;
  const graph = graphOf(addSquare, count - 1);
  const last = { inputs: { add: [[count - 1, count]] } };
  /** @type {Wait[]} */
  const waits = [];
  try {
    const first = await startServer(folder.path, signal);
    const id = await keptOpen(first, graph, last).finally(() => first.stop('SIGKILL'));

    const spawned = performance.now();
    const second = await startServer(folder.path, signal);
    const up = performance.now();
    await second.resumed;
    const resumed = performance.now();
    const ms = resumed - up;
    waits.push(
      { what: 'resume after kill -9, from the start of the process', ms: resumed - spawned },
      {
        what: 'resume after kill -9, from the server being up',
        ms,
        targetMs: 3000,
        peakMb: peakMb(second.pid),
      },
    );
    const base = `${second.url}/api`;
    await post(`${base}/runs/${id}/close`);
    await (await fetch(`${base}/runs/${id}/events`)).text();
    checkEach(await outputsOverApi({ base, id, node: 'square' }), count, (i) => (2 * i + 1) ** 2);
    await second.stop();

    const third = await startServer(folder.path, signal);
    /** @param {string} what @param {string} path @param {number} [targetMs] */
    const ask = async (what, path, targetMs) => {
      const began = performance.now();
      const response = await fetch(`${third.url}/api${path}`);
      await response.text();
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      waits.push({ what, ms: performance.now() - began, ...(targetMs && { targetMs }) });
    };
    await fetch(`${third.url}/api/runs`);
    await ask('first page of its tasks, asked for the first time', `/runs/${id}/tasks`, 100);
    await ask('first page of its tasks, asked for again', `/runs/${id}/tasks`);
    await ask('its report', `/runs/${id}`);
    await ask('first page of its outputs', `/runs/${id}/outputs?node=square`);
    await third.stop();
    return { scales: [], waits };
  } finally {
    folder.remove();
  }
}

/**
 * Starts a run that waits for more, and settles when all it was given has been done and is in its journal.
 * @param {import('./handloom.mjs').Server} server
 * @param {Graph} graph
 * @param {{ inputs: Record<string, unknown[]> }} last once everything else has ended: its answer tells that all is kept
 */
async function keptOpen({ url }, graph, last) {
  const base = `${url}/api`;
  const given = Object.values(graph.inputs ?? {}).flat().length;
  const { id: graphId } = await post(`${base}/graphs`, graph);
  const { id } = await post(`${base}/graphs/${graphId}/runs`, { keepOpen: true });
  const done = async () => {
    const { items } = await (await fetch(`${base}/runs?limit=1`)).json();
    const counters = /** @type {{ succeeded: number }[]} */ (Object.values(items[0].nodes));
    return counters.every(({ succeeded }) => succeeded >= given);
  };
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
  await post(`${base}/runs/${id}/inject`, last);
  return /** @type {string} */ (id);
}

/** @param {string} address @param {object} [body] */
async function post(address, body = {}) {
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${address}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

/** One payload that becomes `count` tasks. @param {number} count @returns {Graph} */
function splitter(count) {
  const text = 'function* (n) { for (let i = 0; i < n; i++) yield i; }';
  return {
    format: 'handloom.graph',
    version: 1,
    name: `one payload split into ${count}`,
    nodes: [
      { id: 'split', type: 'flow.split', params: { code: text } },
      { id: 'square', type: 'code.js', params: { code: String(functions.square) } },
    ],
    edges: [{ source: 'split', target: 'square' }],
    inputs: { split: [count] },
  };
}

/** @param {number[]} outputs @param {number} count @param {(i: number) => number} expected of each i below `count`, once */
function checkEach(outputs, count, expected) {
  const left = new Set(Array.from({ length: count }, (_, i) => expected(i)));
  for (const value of outputs)
    if (!left.delete(value)) throw new Error(`${value} is no result, or is there twice`);
  if (left.size > 0) throw new Error(`${left.size} results are missing`);
}

/** @param {string} way @param {number} tasks @param {number} ms @param {number} [peakMb] @returns {Scale} */
const scale = (way, tasks, ms, peakMb) => ({
  way,
  tasks,
  ms,
  usPerTask: Number(((ms * 1000) / tasks).toPrecision(3)),
  ...(peakMb !== undefined && { peakMb }),
});

/** @param {Scale[]} scales @returns {Findings} */
const found = (scales) => ({ scales, waits: [] });
