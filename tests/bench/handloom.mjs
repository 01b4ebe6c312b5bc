// @ts-check
/** Handloom through the doors that its users take: the command line and the API. Every run records everything. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, runNode } from './owned.mjs';
import { graphOf, sumOf } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').Workload} Workload */
/** @typedef {import('./summary.mjs').Measurement} Measurement */

export const cli = 'dist/server/cli.js';
const warmUpCount = 100;

/** Milliseconds from start to finish. @param {{ startedAt?: string | undefined, finishedAt?: string | undefined }} report */
export const runTime = ({ startedAt = '', finishedAt = '' }) =>
  Date.parse(finishedAt) - Date.parse(startedAt);

/** @param {Workload} workload */
const lastStep = ({ steps }) => steps.at(-1) ?? '';

/** `handloom run`. @type {import('./summary.mjs').Measure} */
export async function viaCommandLine({ workload, count, signal }) {
  const folder = makeFolder();
  try {
    const [graph, report] = [join(folder.path, 'graph.json'), join(folder.path, 'report.json')];
    writeFileSync(graph, JSON.stringify(graphOf(workload, count)));
    const began = performance.now();
    const args = ['run', graph, '--report', report, '--data', join(folder.path, 'data'), '--quiet'];
    await runNode([cli, ...args], signal).output;
    const wholeMs = performance.now() - began;
    const made = JSON.parse(readFileSync(report, 'utf8'));
    return { ms: runTime(made), wholeMs, sum: sumOf(made.outputs[lastStep(workload)]) };
  } finally {
    folder.remove();
  }
}

/** A server that runs already, over HTTP. @type {import('./summary.mjs').Measure} */
export const viaServer = ({ workload, count, signal }) =>
  withServer(signal, async ({ url }) => {
    const base = `${url}/api`;
    const warmUp = await runOverApi({ base, graph: graphOf(workload, warmUpCount) });
    await outputsOverApi({ base, id: warmUp.report.id, node: lastStep(workload) });
    const run = await runOverApi({ base, graph: graphOf(workload, count) });
    return measured(run, await outputsOverApi({ base, id: run.report.id, node: lastStep(workload) }));
  });

/**
 * In the page, through the service worker's `/api`; the journal goes into IndexedDB on disk.
 * @type {import('./summary.mjs').MeasureInPage}
 */
export async function viaPage({ page, workload, count, url }) {
  await openApp(page, url);
  const base = '/api';
  await page.evaluate(runOverApi, { base, graph: graphOf(workload, warmUpCount) });
  const run = await page.evaluate(runOverApi, { base, graph: graphOf(workload, count) });
  const ask = { base, id: run.report.id, node: lastStep(workload) };
  return measured(run, await page.evaluate(outputsOverApi, ask));
}

/**
 * Opens the app, and waits until the page's own engine answers for `/api`.
 * @param {import('@playwright/test').Page} page
 * @param {string} url
 */
export async function openApp(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => navigator.serviceWorker?.controller != null, null, { timeout: 60_000 });
  const { host } = await page.evaluate(() => fetch('/api/health').then((response) => response.json()));
  if (host !== 'browser') throw new Error(`/api in the page is served by ${host}`);
}

/**
 * Starts the built server for as long as `use` takes.
 * @template T
 * @param {AbortSignal} signal
 * @param {(server: Server) => Promise<T>} use
 */
export async function withServer(signal, use) {
  const folder = makeFolder();
  const server = await startServer(folder.path, signal);
  try {
    return await use(server);
  } finally {
    await server.stop();
    folder.remove();
  }
}

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {number} pid
 * @property {(signal?: NodeJS.Signals) => Promise<void>} stop resolves when the process is gone
 * @property {Promise<unknown>} resumed settles when it goes on with the runs that it found unfinished
 */
/** Starts the built server. @param {string} data folder @param {AbortSignal} signal @returns {Promise<Server>} */
export async function startServer(data, signal) {
  const { child, output } = runNode([cli, 'serve', '--port', '0', '--data', data], signal);
  /** @param {import('node:stream').Readable} stream @param {RegExp} pattern @returns {Promise<string>} */
  const said = (stream, pattern) =>
    new Promise((resolve) => {
      let text = '';
      stream.on('data', (more) => {
        text += more;
        const found = pattern.exec(text);
        if (found) resolve(found[1] ?? '');
      });
    });
  const resumed = said(child.stderr, /Going on with (\d+)/);
  // The process ends only when something is wrong.
  const url = await Promise.race([said(child.stdout, /at (http:\/\/\S+)/), output]);
  const stop = async (/** @type {NodeJS.Signals} */ with_ = 'SIGINT') => {
    child.kill(with_);
    await output.catch(() => {});
  };
  return { url, pid: child.pid ?? 0, stop, resumed };
}

/** @param {Awaited<ReturnType<typeof runOverApi>>} run @param {number[]} outputs @returns {Measurement} */
function measured({ report, wholeMs }, outputs) {
  return { ms: runTime(report), wholeMs, sum: sumOf(outputs) };
}

/**
 * Runs a graph to its end. Works in Node and, sent as text, in a page; so it uses nothing from here.
 * @param {{ base: string, graph: object }} ask
 * @returns {Promise<{ report: import('../../src/schema/run.ts').RunReport, wholeMs: number }>}
 */
export async function runOverApi({ base, graph }) {
  /** @param {string} path @param {object} [body] */
  const call = async (path, body) => {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    };
    const response = await fetch(base + path, body && init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const { id: graphId } = await call('/graphs', graph);
  const began = performance.now();
  const { id } = await call(`/graphs/${graphId}/runs`, {});
  // The stream of events ends with the run, or when a host cuts it short.
  let report;
  do {
    await (await fetch(`${base}/runs/${id}/events`)).text();
    report = await call(`/runs/${id}`);
  } while (['pending', 'running'].includes(report.status));
  if (report.status !== 'succeeded') throw new Error(`The run ended as ${report.status}: ${report.reason}`);
  return { report, wholeMs: performance.now() - began };
}

/**
 * All that a node of a run gave. Uses nothing from here either.
 * @param {{ base: string, id: string, node: string }} ask
 */
export async function outputsOverApi({ base, id, node }) {
  /** @type {number[]} */
  const outputs = [];
  let cursor = '';
  do {
    const response = await fetch(`${base}/runs/${id}/outputs?node=${node}&limit=1000${cursor}`);
    if (!response.ok) throw new Error(`outputs: ${response.status} ${await response.text()}`);
    const page = await response.json();
    outputs.push(...page.items);
    cursor = page.nextCursor && `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor);
  return outputs;
}
