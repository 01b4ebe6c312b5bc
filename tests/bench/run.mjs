// @ts-check
/**
 * `npm run bench`: Handloom beside plain loops and the pools people use, on Node and in Chromium, in turns. A complete
 * run writes results.json and results.md; one cut down by an option only prints.
 *   --rounds N   measurements of each contestant (default 3)
 *   --only TEXT  only contestants whose `where/workload/name` contains the text, such as Node/primes or engine;
 *                `million` is all about 1,000,000 tasks, `Node/million/journal` how one such run is resumed and read
 *   --quick      few inputs, one round: does it work at all?
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromiumContestants, chromiumVersion } from './chromium.mjs';
import { engineAlone } from './engine.mjs';
import { viaCommandLine, viaServer } from './handloom.mjs';
import { studies } from './million.mjs';
import { millionLines, millionTables } from './million-summary.mjs';
import { interrupted, root, runNode } from './owned.mjs';
import { findQueues } from './queues.mjs';
import { headlines, reportOf, sectionOf, tableOf } from './summary.mjs';
import { workloads } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').WorkloadName} WorkloadName */
/** @typedef {import('./summary.mjs').Measure} Measure */

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');
const cores = availableParallelism();
/** A contestant that takes longer than this has failed. */
const limitMs = 10 * 60_000;

/** @param {string} name @returns {Measure} */
const inOwnProcess =
  (name, script = 'tests/bench/contestant.mjs') =>
  async ({ name: workload, count, cores, port = 0, signal }) =>
    JSON.parse(await runNode([script, name, workload, ...[count, cores, port].map(String)], signal).output);

const pools = [
  'piscina',
  'piscina, 32 tasks a thread',
  'tinypool',
  'tinypool, 32 tasks a thread',
  'workerpool',
];
/** Of heavy work only: what the cores give, and pools whose users pack tasks together. */
const ofHeavyWork = [
  'plain loops, one a core',
  ...['piscina', 'tinypool', 'workerpool'].map((name) => `${name}, 20 tasks a call`),
];
const nodeContestants = {
  'plain loop': inOwnProcess('plain loop'),
  'Handloom, handloom run': viaCommandLine,
  'Handloom, over HTTP': viaServer,
  ...Object.fromEntries([...pools, ...ofHeavyWork].map((name) => [name, inOwnProcess(name)])),
  ...findQueues(
    (name) => isWanted('Node', 'add-square', name) || isWanted('Node', 'primes', name),
    inOwnProcess,
  ),
};

/** @type {{ where: string, names: WorkloadName[], contestants: Record<string, Measure> }[]} */
const places = [
  { where: 'engine', names: ['add-square'], contestants: { 'Handloom, engine alone': engineAlone } },
  { where: 'Node', names: ['add-square', 'primes'], contestants: nodeContestants },
  { where: 'Chromium', names: ['add-square', 'primes'], contestants: chromiumContestants },
];

if (!existsSync(join(root, 'dist/server/cli.js')) || !existsSync(join(root, 'dist/web/index.html'))) {
  console.log('Building first.');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

const began = performance.now();
const circumstances = {
  date: new Date().toISOString().slice(0, 10),
  cores,
  'load before': Math.round((loadavg()[0] ?? 0) * 10) / 10,
  rounds,
  Node: process.versions.node,
  Chromium: chromiumVersion(),
};
/** @type {import('./summary.mjs').Section[]} */
const sections = [];
/** @type {string[]} */
const lines = [];
for (const { where, names, contestants } of places) {
  const measured = await measureInTurns(where, names, contestants);
  for (const [name, results] of measured) {
    if (results.size === 0) continue;
    const workload = workloads[name];
    const section = sectionOf(where, workload, countOf(workload), cores, results);
    sections.push(section);
    lines.push(...headlines(section, workload));
    console.log(`\n${tableOf(section)}\n`);
  }
}
const million = await studyMillions();
lines.push(...millionLines(million));
const millions = millionTables(million);
if (millions) console.log(`\n${millions}\n`);
for (const line of lines) console.log(line);
if (sections.length + lines.length === 0) console.log(`No contestant matches ${options.only}`);
console.log(`It took ${Math.round((performance.now() - began) / 1000)} s.`);
if (!options.quick && options.only === undefined && process.exitCode === undefined) {
  const here = (/** @type {string} */ name) => join(root, 'tests/bench', name);
  writeFileSync(
    here('results.json'),
    `${JSON.stringify({ ...circumstances, sections, million }, null, 2)}\n`,
  );
  writeFileSync(here('results.md'), reportOf(circumstances, lines, sections.map(tableOf).concat(millions)));
  // It is committed, so it has to look as the formatter likes it.
  spawnSync('npx', ['biome', 'format', '--write', 'tests/bench/results.json'], { cwd: root });
}

/** @param {string} where @param {WorkloadName} workload @param {string} contestant */
function isWanted(where, workload, contestant) {
  if (contestant.startsWith('Celery') && workload === 'primes') return false;
  if (ofHeavyWork.includes(contestant) && workload !== 'primes') return false;
  return `${where}/${workload}/${contestant}`.includes(options.only ?? '');
}

/** @param {import('./workloads.mjs').Workload} workload */
function countOf({ count, quickCount }) {
  return options.quick ? quickCount : count;
}

/**
 * Everybody once in each round, in another order each time, so that no one always runs while something else does.
 * @param {string} where
 * @param {WorkloadName[]} names
 * @param {Record<string, Measure>} contestants
 */
async function measureInTurns(where, names, contestants) {
  /** @type {Map<WorkloadName, Map<string, import('./summary.mjs').Measurement[]>>} */
  const measured = new Map(names.map((name) => [name, new Map()]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const entries = Object.entries(contestants).filter(([contestant]) => isWanted(where, name, contestant));
      const first = entries.length && (round * 2) % entries.length;
      for (const [contestant, measure] of [...entries.slice(first), ...entries.slice(0, first)]) {
        const label = `${where}/${name}/${contestant}, round ${round + 1}`;
        try {
          const measurement = await measureOnce(name, measure);
          console.log(`${label}: ${measurement.ms.toFixed(1)} ms`);
          const results = measured.get(name);
          results?.set(contestant, [...(results.get(contestant) ?? []), measurement]);
        } catch (error) {
          failed(label, error);
        }
      }
    }
  }
  return measured;
}

/** Each study once: the runs are long, and those that are not are repeated within. */
async function studyMillions() {
  /** @type {import('./million.mjs').Findings} */
  const all = { scales: [], waits: [] };
  for (const [where, parts] of Object.entries(studies)) {
    for (const [name, study] of Object.entries(parts)) {
      const label = `${where}/million/${name}`;
      if (!label.includes(options.only ?? '')) continue;
      try {
        const signal = AbortSignal.any([interrupted, AbortSignal.timeout(limitMs)]);
        const { scales, waits } = await study({ million: options.quick ? 100_000 : 1_000_000, signal });
        all.scales.push(...scales.map((scale) => ({ ...scale, way: `${where}: ${scale.way}` })));
        all.waits.push(...waits);
        console.log(`${label}: measured`);
      } catch (error) {
        failed(label, error);
      }
    }
  }
  return all;
}

/** @param {string} label @param {unknown} error */
function failed(label, error) {
  if (interrupted.aborted) process.exit(130);
  process.exitCode = 1;
  console.log(`${label}: FAILED: ${error instanceof Error ? error.message : error}`);
}

/** @param {WorkloadName} name @param {Measure} measure @throws when it takes too long or gives wrong results */
async function measureOnce(name, measure) {
  const workload = workloads[name];
  const count = countOf(workload);
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(limitMs)]);
  const measurement = await measure({ name, workload, count, cores, signal });
  interrupted.throwIfAborted();
  const sum = workload.sum(measurement.count ?? count);
  if (measurement.sum !== sum) throw new Error(`its results add up to ${measurement.sum}, not ${sum}`);
  return measurement;
}
