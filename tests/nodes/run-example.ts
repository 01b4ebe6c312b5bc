/** Runs the examples of node types the way a host does: checked, prepared, then as one batch in a real runner. */
import { type Batch, outcome } from '../../src/engine/executor.ts';
import { emptyJoin, holdForJoin, joinRows } from '../../src/engine/scheduler/join.ts';
import { createMemoryFiles } from '../../src/files/memory-files.ts';
import { compile } from '../../src/nodes/compile.ts';
import {
  type Files,
  type NodeDefinition,
  type NodeExample,
  outputsOf,
  type Tables,
} from '../../src/nodes/define-node.ts';
import { BatchFrame } from '../../src/pool/batch-frame.ts';
import { loadProgram, runBatch } from '../../src/pool/node-runner.ts';
import { runGraph } from '../engine/run-graph.ts';

export interface ExampleOutcome {
  results: unknown[];
  ports: Record<string, unknown[]>;
  errors: { name: string; message: string; code?: string }[];
  files: Record<string, string>;
}

const noTables = new Proxy({} as Tables, {
  get: () => {
    throw new Error('This example has no tables.');
  },
});

export async function runExample(
  definition: NodeDefinition,
  example: NodeExample,
  makeTables?: (files: Files) => Promise<Tables>,
): Promise<ExampleOutcome> {
  const files = createMemoryFiles(example.files);
  const params = definition.params.parse(example.params ?? {});
  const prepared = structuredClone(
    definition.prepare ? await definition.prepare(params, { compile }) : params,
  );
  const payloads = structuredClone(example.payloads);
  if (definition.kind === 'relay') return throughGraph(definition, params, payloads);
  if (definition.kind === 'collect')
    return { results: [payloads], ports: { out: [payloads] }, errors: [], files: {} };

  const outputs = outputsOf(definition, params).map((port) => port.name);
  const program = await loadProgram(
    { key: 'k', run: 'r', node: 'n', type: definition.type, prepared, outputs, interleaved: false },
    definition,
  );
  const tasks = payloads.map((_, i) => i + 1);
  const isRight = (task: number) => task > payloads.length - (example.fromRight ?? 0);
  const batch: Batch = {
    id: 1,
    run: 'r',
    node: 'n',
    tasks,
    attempts: tasks.map(() => 1),
    payloads,
    ...(example.fromRight && { ports: tasks.map((task) => (isRight(task) ? 'right' : 'left')) }),
    stopOnError: false,
  };
  const access = {
    files,
    tables: makeTables ? await makeTables(files) : noTables,
    fetch: async (url: string, init: RequestInit | undefined) => {
      const answer = example.responses?.[`${init?.method ?? 'GET'} ${url}`];
      if (!answer) throw new TypeError('There is no network here.');
      const { status = 200, headers = {}, body = '' } = answer;
      return new Response(new TextEncoder().encode(body), { status, headers });
    },
  };
  const result = await runBatch(program, new BatchFrame(batch, undefined, { access: () => access }));

  let results = definition.kind === 'fold' ? [result.state?.value] : result.values;
  if (definition.kind === 'join') {
    const join = { ...emptyJoin(), fromRight: new Set(tasks.filter(isRight)) };
    const succeeded = tasks.filter((_, i) => result.outcomes[i] === outcome.succeeded);
    const given = succeeded.map((task) => payloads[task - 1]);
    holdForJoin(join, { tasks: succeeded, keys: result.values, payloads: given });
    results = joinRows(join, definition.keeps(params), (numbers) => numbers.map((_, i) => i))?.values ?? [];
  }
  const ports: Record<string, unknown[]> = {};
  results.forEach((value, i) => {
    const port = result.ports?.[i] ?? 'out';
    ports[port] = [...(ports[port] ?? []), value];
  });
  return { results, ports, errors: result.errors, files: await contentsOf(files) };
}

/** What a graph that holds only this node gives. */
async function throughGraph(
  { type }: NodeDefinition,
  params: Record<string, unknown>,
  payloads: unknown[],
): Promise<ExampleOutcome> {
  const { report } = await runGraph({
    format: 'handloom.graph',
    version: 1,
    name: 'example',
    nodes: [{ id: 'n', type, params }],
    edges: [],
    inputs: { n: payloads },
  });
  const results = report.outputs.n ?? [];
  return { results, ports: { out: results }, errors: report.errors, files: {} };
}

async function contentsOf(files: Files): Promise<Record<string, string>> {
  const entries = (await files.list()).map(
    async ({ path }) => [path, new TextDecoder().decode(await files.read(path))] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
