// @ts-check
/** Finds the Chromium that browser tests and benchmarks run in, and installs one where there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

/** Arguments for running headless on any machine: as root, without a GPU, without a word to the outside. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/**
 * Whether the program starts at all: a downloaded browser may lack the system libraries it needs.
 * @param {string} path
 */
const starts = (path) => spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;

/**
 * Path of a Chromium that works, the one named by `CHROMIUM_PATH` before all others.
 * @returns {string | undefined}
 */
export function findChromium() {
  const named = process.env.CHROMIUM_PATH;
  if (named) return named;
  const candidates = ['/usr/bin/chromium', '/usr/bin/google-chrome', chromium.executablePath()];
  return candidates.find((path) => existsSync(path) && starts(path));
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  console.log(`$ ${command} ${args.join(' ')}`);
  const env = {
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '20000',
  };
  return spawnSync(command, args, { stdio: 'inherit', env, timeout: 10 * 60_000 }).status === 0;
}

/** @returns {string | undefined} */
export function findOrInstallChromium() {
  const found = findChromium();
  if (found) return found;
  console.log('No Chromium on this machine. Installing one for the browser tests.');
  run('npx', ['playwright', 'install', 'chromium']);
  const isDebianRoot = existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  if (!findChromium() && isDebianRoot) {
    run('apt-get', ['update']) && run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium']);
  }
  return findChromium();
}
