// @ts-check
/**
 * `node tests/bench/page-smoothness.mjs`: whether the page stutters. Measures tasks of more than 50 ms on the main
 * thread and the longest wait for a frame while a run goes at full speed, and how long a click on Cancel takes to end
 * an endless loop. Needs `npm run build`; a machine that is busy otherwise makes every figure worse, so the load is
 * printed too.
 */
import { availableParallelism, loadavg } from 'node:os';
import { chromium } from '@playwright/test';
import { chromiumArguments, findOrInstallChromium } from '../chromium.mjs';
import { withServer } from './handloom.mjs';
import { interrupted } from './owned.mjs';

/** @typedef {import('@playwright/test').Page} Page */
/** @typedef {{ duration: number, startTime: number }} LongTask */

const count = 100_000;
const code = (/** @type {string} */ id, /** @type {string} */ text, params = {}) => ({
  id,
  type: 'code.js',
  params: { code: text, ...params },
});
const graph = (/** @type {string} */ name, /** @type {object} */ parts) => ({
  format: 'handloom.graph',
  version: 1,
  name,
  ...parts,
});
const steps = [code('add', '(x, y) => x + y', { spread: true }), code('square', '(x) => x * x')];
const square = { source: 'add', target: 'square' };

const graphs = {
  /** Made by a node, so that the document stays small. */
  source: graph('from a source', {
    nodes: [
      {
        id: 'source',
        type: 'flow.source',
        params: { code: `function* () { for (let i = 0; i < ${count}; i++) yield [i, i + 1]; }` },
      },
      ...steps,
    ],
    edges: [{ source: 'source', target: 'add' }, square],
  }),
  /** All of them part of the graph that is open in the editor. */
  inputs: graph('from the graph', {
    nodes: steps,
    edges: [square],
    inputs: { add: Array.from({ length: count }, (_, i) => [i, i + 1]) },
  }),
  endless: graph('endless', {
    nodes: [code('loop', '() => { for (;;); }')],
    edges: [],
    inputs: { loop: [1, 2] },
  }),
};

/** Watches from the first moment of each page. */
function watch() {
  const seen = { tasks: /** @type {LongTask[]} */ ([]), frames: /** @type {LongTask[]} */ ([]) };
  new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) seen.tasks.push({ duration, startTime });
  }).observe({ type: 'longtask', buffered: true });
  let last = performance.now();
  const frame = (/** @type {number} */ now) => {
    if (now - last > 50) seen.frames.push({ startTime: last, duration: now - last });
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  Object.assign(globalThis, { seen });
}

/** What has been seen since, and from here on. @param {Page} page @returns {Promise<{ tasks: LongTask[], frames: LongTask[] }>} */
const takeSeen = (page) =>
  page.evaluate(() => {
    const { seen } = /** @type {any} */ (globalThis);
    return { tasks: seen.tasks.splice(0), frames: seen.frames.splice(0) };
  });

/** @param {string} what @param {Awaited<ReturnType<typeof takeSeen>>} seen @param {string} [more] */
function report(what, { tasks, frames }, more = '') {
  const longest = (/** @type {LongTask[]} */ list) =>
    Math.round(Math.max(0, ...list.map((each) => each.duration)));
  const total = Math.round(tasks.reduce((sum, { duration }) => sum + duration, 0));
  console.log(
    `${what}: ${tasks.length} tasks over 50 ms, longest ${longest(tasks)} ms, ${total} ms in all; ` +
      `longest wait for a frame ${longest(frames)} ms${more}`,
  );
}

/** @param {Page} page @param {{ name: string }} file */
async function open(page, file) {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Import' }).click();
  const buffer = Buffer.from(JSON.stringify(file));
  await (await chooser).setFiles({ name: 'graph.json', mimeType: 'application/json', buffer });
  await page.waitForFunction((title) => document.title === title, `${file.name} · Handloom`, {
    timeout: 120_000,
  });
  // What the document's own arrival costs is no part of the run.
  await page.waitForFunction(() => !document.body.textContent?.includes('Saving…'), null, {
    timeout: 120_000,
  });
}

/** Milliseconds from a click on a button to a word in the panel. @param {Page} page @param {string} button @param {string} word */
async function clickUntil(page, button, word) {
  await page.evaluate((word) => {
    const panel = /** @type {Element} */ (document.querySelector('section[aria-label="Run"]'));
    const state = /** @type {any} */ (globalThis);
    state.until = new Promise((resolve) => {
      addEventListener(
        'click',
        () => {
          state.clicked = performance.now();
        },
        { capture: true, once: true },
      );
      const observer = new MutationObserver(() => {
        if (state.clicked === undefined || !panel.textContent?.includes(word)) return;
        observer.disconnect();
        resolve(performance.now() - state.clicked);
        state.clicked = undefined;
      });
      observer.observe(panel, { subtree: true, childList: true, characterData: true });
    });
  }, word);
  await page.getByRole('button', { name: button, exact: true }).click();
  return Math.round(await page.evaluate(() => /** @type {any} */ (globalThis).until));
}

await withServer(interrupted, async ({ url }) => {
  const browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: chromiumArguments });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(watch);
    console.log(`${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)} before`);
    await page.goto(url);
    await page.getByRole('button', { name: 'Run', exact: true }).waitFor();
    report('start-up', await takeSeen(page));
    for (const [what, file] of /** @type {const} */ ([
      [`${count} values from a source → add → square`, graphs.source],
      [`${count} inputs in the graph → add → square`, graphs.inputs],
    ])) {
      await takeSeen(page);
      await open(page, file);
      report(`${what}: opening`, await takeSeen(page));
      const ms = await clickUntil(page, 'Run', 'Succeeded');
      const done = await page
        .getByRole('region', { name: 'Run', exact: true })
        .getByText(/ tasks$/)
        .textContent();
      if (!done?.startsWith('200K of 200K')) throw new Error(`The run ended with ${done}`);
      report(`${what}: running`, await takeSeen(page), `; ${ms} ms from Run to Succeeded`);
    }
    await open(page, graphs.endless);
    await clickUntil(page, 'Run', 'Running');
    await takeSeen(page);
    const ms = await clickUntil(page, 'Cancel', 'Cancelled');
    report('an endless loop, cancelled', await takeSeen(page), `; ${ms} ms from Cancel to Cancelled`);
    console.log(`load ${loadavg()[0]?.toFixed(1)} after`);
  } finally {
    await browser.close();
  }
});
