import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const apart = ['tests/e2e/**', 'tests/bench/**'];
/** Suites with properties, which the long run judges by new inputs (tests/property.ts). */
const properties = [
  'tests/engine/*.test.ts',
  'tests/schema/*json.test.ts',
  'tests/store/*.test.ts',
  'tests/pool/fidelity.test.ts',
  'tests/nodes/{math,compile}.test.ts',
  'tests/sync/graph-document.test.ts',
];

/** `unit` is what `npm test` runs; `long` holds the suites that take minutes (`npm run test:long`). */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [svelte({ configFile: false })],
  test: {
    environment: 'node',
    passWithNoTests: true,
    // Left to itself, Vitest spares a core, and on two cores runs file after file.
    maxWorkers: '100%',
    restoreMocks: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: [...apart, 'tests/**/*.long.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          include: ['tests/**/*.long.test.ts', ...properties],
          env: { HANDLOOM_INPUTS: 'new' },
          exclude: apart,
          testTimeout: 30 * 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
