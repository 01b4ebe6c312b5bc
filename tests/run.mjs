// @ts-check
/**
 * `npm test`: types, lint, build, unit tests and browser tests, all of them even when one fails. The last line is
 * `N passed, N failed`, which counts tests; a stage that fails with no failed test to show for it counts as one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOrInstallChromium } from './chromium.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ name: string, command: string[], report?: string, count?: (report: any) => Counts }} Stage */

const root = fileURLToPath(new URL('..', import.meta.url));
const reports = mkdtempSync(join(tmpdir(), 'handloom-reports-'));
process.on('exit', () => rmSync(reports, { recursive: true, force: true }));
const unit = join(reports, 'unit.json');
const browser = join(reports, 'browser.json');

/** @type {Stage[]} */
const stages = [
  { name: 'check', command: ['npm', 'run', '--silent', 'check'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  {
    name: 'unit tests',
    command: [
      ...['npx', 'vitest', 'run', '--config', 'tests/vitest.config.ts', '--project', 'unit'],
      ...['--reporter', 'default', '--reporter', 'json', '--outputFile.json', unit],
    ],
    report: unit,
    count: ({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }) => ({
      passed: numPassedTests,
      failed: numFailedTests,
      skipped: numPendingTests + numTodoTests,
    }),
  },
  {
    name: 'browser tests',
    command: [
      'npx',
      'playwright',
      'test',
      '--config',
      'tests/e2e/playwright.config.ts',
      '--pass-with-no-tests',
    ],
    report: browser,
    count: ({ stats }) => ({
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
    }),
  },
];

/**
 * @param {Stage} stage
 * @param {NodeJS.ProcessEnv} env
 */
function runStage({ name, command: [program = '', ...args], report, count }, env) {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 100 - name.length))}`);
  const started = performance.now();
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env });
  /** @type {Counts} */
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    if (report && count) counts = count(JSON.parse(readFileSync(report, 'utf8')));
  } catch {
    // A runner that could not even start leaves no report; its exit status says so.
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return { name, ok: status === 0, counts, seconds: (performance.now() - started) / 1000 };
}

const chromium = findOrInstallChromium();
if (!chromium)
  console.log('No Chromium could be installed: the browser tests will fail. Set CHROMIUM_PATH to one.');
const env = {
  ...process.env,
  HANDLOOM_E2E_REPORT: browser,
  ...(chromium && { CHROMIUM_PATH: chromium }),
};

const results = stages.map((stage) => runStage(stage, env));
console.log('');
for (const { name, ok, counts, seconds } of results) {
  const tests = counts.passed + counts.failed ? `${counts.passed} passed, ${counts.failed} failed` : '';
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : '';
  console.log(`${ok ? '✓' : '✗'} ${name.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s  ${tests}${skipped}`);
}
/** @param {'passed' | 'failed'} key */
const total = (key) => results.reduce((sum, { counts }) => sum + counts[key], 0);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
console.log(`${total('passed')} passed, ${total('failed')} failed`);
