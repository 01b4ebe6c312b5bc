// @ts-check
/** Handloom through the doors that its users take: the command line and the API. Every run records everything. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, runNode } from './owned.mjs';
import { graphOf, sumOf } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').Workload} Workload */
/** @typedef {import('./summary.mjs').Measurement} Measurement */

const cli = 'dist/server/cli.js';
const warmUpCount = 100;

/** @param {{ startedAt: string, finishedAt: string }} report */
const runTime = ({ startedAt, finishedAt }) => Date.parse(finishedAt) - Date.parse(startedAt);

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
  withServer(signal, async (url) => {
    const base = `${url}/api`;
    await runOverApi({ base, graph: graphOf(workload, warmUpCount), node: lastStep(workload) });
    return measured(await runOverApi({ base, graph: graphOf(workload, count), node: lastStep(workload) }));
  });

/**
 * In the page, through the service worker's `/api`; the journal goes into IndexedDB on disk.
 * @type {import('./summary.mjs').MeasureInPage}
 */
export async function viaPage({ page, workload, count, url }) {
  await page.goto(url);
  await page.waitForFunction(() => navigator.serviceWorker?.controller != null, null, { timeout: 60_000 });
  const { host } = await page.evaluate(() => fetch('/api/health').then((response) => response.json()));
  if (host !== 'browser') throw new Error(`/api in the page is served by ${host}`);
  const ask = { base: '/api', node: lastStep(workload) };
  await page.evaluate(runOverApi, { ...ask, graph: graphOf(workload, warmUpCount) });
  return measured(await page.evaluate(runOverApi, { ...ask, graph: graphOf(workload, count) }));
}

/**
 * Starts the built server for as long as `use` takes.
 * @template T
 * @param {AbortSignal} signal
 * @param {(url: string) => Promise<T>} use
 */
export async function withServer(signal, use) {
  const folder = makeFolder();
  const server = runNode([cli, 'serve', '--port', '0', '--data', folder.path], signal);
  /** @type {Promise<string>} */
  const ready = new Promise((resolve) => {
    let out = '';
    server.child.stdout.on('data', (text) => {
      out += text;
      const url = /at (http:\/\/\S+)/.exec(out)?.[1];
      if (url) resolve(url);
    });
  });
  try {
    // It ends only when something is wrong.
    return await use(await Promise.race([ready, server.output]));
  } finally {
    server.child.kill('SIGINT');
    await server.output.catch(() => {});
    folder.remove();
  }
}

/** @param {Awaited<ReturnType<typeof runOverApi>>} run @returns {Measurement} */
function measured({ report, wholeMs, outputs }) {
  if (report.status !== 'succeeded') throw new Error(`The run ended as ${report.status}`);
  return { ms: runTime(report), wholeMs, sum: sumOf(outputs) };
}

/**
 * Runs a graph and fetches what it gave. Works in Node and, sent as text, in a page; so it uses nothing from here.
 * @param {{ base: string, graph: object, node: string }} ask
 */
async function runOverApi({ base, graph, node }) {
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
  const wholeMs = performance.now() - began;

  /** @type {number[]} */
  const outputs = [];
  let cursor = '';
  do {
    const page = await call(`/runs/${id}/outputs?node=${node}&limit=1000${cursor}`);
    outputs.push(...page.items);
    cursor = page.nextCursor && `&cursor=${encodeURIComponent(page.nextCursor)}`;
  } while (cursor);
  return { report, wholeMs, outputs };
}
