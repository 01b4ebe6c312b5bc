import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { findViolations } from './architecture-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const shipped = new Set(Object.keys(packageJson.dependencies));

/** A tiny repository of the given files. */
const violationsIn = (files: Record<string, string>) =>
  findViolations(new Map(Object.entries(files)), shipped);

function readTree(): Map<string, string> {
  const files = ['src', 'workers', 'server'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(
    files
      .map((file) => [relative(root, file).replaceAll('\\', '/'), readFileSync(file, 'utf8')] as const)
      .filter(([file]) => !file.startsWith('src/ui/paraglide/')),
  );
}

describe('the tree', () => {
  it('keeps to the direction of dependencies', () => {
    expect(findViolations(readTree(), shipped)).toEqual([]);
  });
});

describe('a planted breach is found', () => {
  const breaches: [what: string, file: string, code: string, message: RegExp][] = [
    [
      'engine → nodes',
      'src/engine/runs/run.ts',
      `import { a } from '../../nodes/math/add.ts';`,
      /must not import src\/nodes/,
    ],
    [
      'scheduler → runs',
      'src/engine/scheduler/scheduler.ts',
      `import type { A } from '../runs/run.ts';`,
      /must not import src\/engine\/runs/,
    ],
    [
      'what the engine builds on → runs',
      'src/engine/turns.ts',
      `import type { A } from './runs/run.ts';`,
      /must not import src\/engine\/runs/,
    ],
    [
      'engine → pool',
      'src/engine/runs/run.ts',
      `export { a } from '../../pool/worker-pool.ts';`,
      /must not import src\/pool/,
    ],
    [
      'engine → store as a value',
      'src/engine/runs/run.ts',
      `import { a } from '../../store/store.ts';`,
      /other than as types/,
    ],
    [
      'engine → store adapter',
      'src/engine/runs/run.ts',
      `import type { A } from '../../store/memory-store.ts';`,
      /must not/,
    ],
    [
      'engine → registry, lazily',
      'src/engine/runs/run.ts',
      `await import('../../nodes/registry.ts');`,
      /must not import/,
    ],
    [
      'schema → engine, as a type',
      'src/schema/run.ts',
      `let a: import('../engine/run.ts').A;`,
      /must not import/,
    ],
    ['errors → schema', 'src/errors.ts', `import './schema/graph.ts';`, /must not import src\/schema/],
    [
      'nodes → engine',
      'src/nodes/math/add.ts',
      `import '../../engine/plan.ts';`,
      /must not import src\/engine/,
    ],
    [
      'pool → registry',
      'src/pool/worker-pool.ts',
      `import '../nodes/registry.ts';`,
      /must not import src\/nodes/,
    ],
    ['api → ui', 'src/api/client.ts', `import '../ui/main.ts';`, /must not import src\/ui/],
    ['server → ui', 'server/main.ts', `import '../src/ui/main.ts';`, /must not import src\/ui/],
    [
      'ui → server',
      'src/ui/App.svelte',
      `<script lang="ts">import '../../server/cli.ts'</script>`,
      /must not/,
    ],
    ['ui → worker', 'src/ui/main.ts', `import '../../workers/task-worker.ts';`, /must not import workers/],
    ['ui page → adapter', 'src/ui/pages/runs.ts', `import '../../store/dexie-store.ts';`, /to its host/],
    ['node: outside server', 'src/pool/worker-pool.ts', `import fs from 'node:fs';`, /only server\/ may/],
    ['a bare builtin', 'workers/task-worker.ts', `import fs from 'fs';`, /imports fs, which only server/],
    [
      'dexie in the engine',
      'workers/engine-worker.ts',
      `import Dexie from 'dexie';`,
      /only src\/store\/dexie/,
    ],
    ['kysely in a store', 'src/store/sql-store.ts', `import { Kysely } from 'kysely';`, /only server\/ may/],
    [
      'xyflow on a page',
      'src/ui/pages/Runs.svelte',
      `<script>import '@xyflow/svelte'</script>`,
      /only src\/ui\/flow/,
    ],
    [
      'comlink in the engine',
      'src/engine/runs/run.ts',
      `import { wrap } from 'comlink';`,
      /only src\/pool\//,
    ],
    ['the DOM in a store', 'src/store/dexie-store.ts', `const a = document.title;`, /uses document/],
    ['a nameless name', 'src/engine/graph-utils.ts', '', /named after nothing/],
    ['a manager', 'src/pool/PoolManager.svelte', '', /named after nothing/],
    [
      'a barrel',
      'src/engine/all.ts',
      `export * from './plan.ts'; export { a } from './run.ts';`,
      /is a barrel/,
    ],
    ['camel case', 'src/engine/taskQueue.ts', '', /kebab-case/],
    ['a package left behind', 'server/main.ts', `import 'unlisted';`, /not among the "dependencies"/],
  ];

  it.each(breaches)('%s', (_what, file, code, message) => {
    expect(violationsIn({ [file]: code })).toEqual([expect.stringMatching(message)]);
  });

  it('a circle', () => {
    const files = { 'src/engine/a.ts': `import './b.ts';`, 'src/engine/b.ts': `export * from './a.ts';` };
    expect(violationsIn(files)).toEqual([
      expect.stringContaining('src/engine/a.ts → src/engine/b.ts → src/engine/a.ts'),
    ]);
  });

  it('a circle through import.meta.glob', () => {
    const files = {
      'src/nodes/registry.ts': `import.meta.glob('./*/*.ts');`,
      'src/nodes/math/add.ts': `import '../registry.ts';`,
    };
    expect(violationsIn(files)).toEqual([expect.stringContaining('circle')]);
  });
});

describe('what is allowed passes', () => {
  const allowed: [what: string, file: string, code: string][] = [
    ['engine → node types', 'src/engine/runs/run.ts', `import type { A } from '../../nodes/define-node.ts';`],
    [
      'engine → store interface',
      'src/engine/runs/run.ts',
      `import type { Store } from '../../store/store.ts';`,
    ],
    ['ui → worker by URL', 'src/ui/main.ts', `import url from '../../workers/task-worker.ts?worker&url';`],
    [
      'ui → worker by new URL',
      'src/ui/main.ts',
      `new URL('../../workers/engine-worker.ts', import.meta.url);`,
    ],
    ['ui root → adapter', 'src/ui/main.ts', `import '../store/memory-store.ts';`],
    [
      'a document that is no page',
      'src/store/doc.ts',
      `const document = open(); document.close(); a.window.b();`,
    ],
    [
      'a recursive component',
      'src/ui/Tree.svelte',
      `<script lang="ts">import Self from './Tree.svelte'</script>`,
    ],
  ];

  it.each(allowed)('%s', (_what, file, code) => {
    expect(violationsIn({ [file]: code })).toEqual([]);
  });
});
