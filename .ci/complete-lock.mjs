// @ts-check
/**
 * Enters the platform builds of native packages that npm left out of package-lock.json because the registry it asked
 * does not carry them. `npm ci` refuses a lockfile without them, on every platform. Run it after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ version?: string, dev?: boolean, license?: string, engines?: Record<string, string>,
 *   optionalDependencies?: Record<string, string>, [field: string]: unknown }} Entry
 */

/** @param {string} name of a package such as `@scope/tool-linux-arm64-musl` */
function platformOf(name) {
  const os = ['android', 'darwin', 'freebsd', 'linux', 'win32'].find((each) => name.includes(`-${each}`));
  const cpu = ['wasm32', 'arm64', 'x64', 'arm'].find((each) => name.includes(`-${each}`));
  const libc = name.endsWith('-musl') ? 'musl' : name.endsWith('-gnu') ? 'glibc' : undefined;
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), ...(os && { os: [os] }) };
}

/**
 * What is missing, by path in the lockfile.
 * @param {Record<string, Entry>} packages
 * @returns {Record<string, Entry>}
 */
export function missingPlatforms(packages) {
  /** @type {Record<string, Entry>} */
  const missing = {};
  for (const [path, { optionalDependencies = {}, dev, license, engines }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (packages[`node_modules/${name}`] || packages[`${path}/node_modules/${name}`]) continue;
      missing[`node_modules/${name}`] = {
        version: version.replace(/^[~^]/, ''),
        ...(dev && { dev }),
        ...(license && { license }),
        optional: true,
        ...(engines && { engines }),
        ...platformOf(name),
      };
    }
  }
  return missing;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingPlatforms(lock.packages);
  const entries = Object.entries({ ...lock.packages, ...missing });
  lock.packages = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
  console.log(`${Object.keys(missing).length} platform packages entered`);
}
