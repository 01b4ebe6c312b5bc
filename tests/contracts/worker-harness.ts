/** Runs code in a worker of any kind through the real executor, on Node and in a browser alike. */
import type { Clock } from '../../src/engine/clock.ts';
import {
  type Batch,
  type BatchOutcome,
  type BatchResult,
  outcome,
  type PreparedNode,
} from '../../src/engine/executor.ts';
import type { Files, NodeDefinition, Tables } from '../../src/nodes/define-node.ts';
import type { World } from '../../src/pool/context-broker.ts';
import { PoolExecutor } from '../../src/pool/pool-executor.ts';
import type { Spawn } from '../../src/pool/worker-handle.ts';
import type { GraphSettings } from '../../src/schema/graph.ts';
import { type PolicyInput, policySchema } from '../../src/schema/policy.ts';
import { testRegistry } from '../pool/test-nodes.ts';
import { assert } from './deep-equal.ts';

export const realClock: Clock = {
  now: Date.now,
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

export interface TestNode {
  id?: string;
  type?: string;
  code: string;
  outputs?: string[];
  policy?: PolicyInput;
}

export class Harness {
  readonly executor: PoolExecutor;
  readonly files = new Map<string, Uint8Array>();
  readonly fetched: string[] = [];
  readonly fractions: number[] = [];
  #runs = 0;
  #batches = 0;

  constructor(spawn: Spawn, cores = 2, clock = realClock, process = spawn) {
    const world: World = {
      files: this.#fakeFiles(),
      tables: { rows: async () => [{ a: 1 }] } as unknown as Tables,
      fetch: (async (url: string, init: RequestInit) => {
        this.fetched.push(url);
        if (url.endsWith('/away'))
          return new Response(null, { status: 302, headers: { location: 'http://evil.test/' } });
        if (url.endsWith('/moved'))
          return new Response(null, { status: 302, headers: { location: '/hello' } });
        return new Response(
          `${init.method} ${init.body ? new TextDecoder().decode(init.body as ArrayBuffer) : 'hello'}`,
          {
            status: 200,
            headers: { 'x-test': 'yes' },
          },
        );
      }) as unknown as typeof fetch,
    };
    this.executor = new PoolExecutor({
      cores,
      clock,
      thread: spawn,
      process,
      world,
      onProgress: (_batch, _index, fraction) => this.fractions.push(fraction),
    });
  }

  /** Opens a run of these nodes; gives its id. */
  open(nodes: TestNode[], settings: GraphSettings = {}): string {
    const id = `run ${++this.#runs}`;
    this.executor.open({ id, nodes: nodes.map(prepared), settings });
    return id;
  }

  batch(run: string, payloads: unknown[], rest: Partial<Batch> = {}): Batch {
    return {
      id: ++this.#batches,
      run,
      node: 'n',
      tasks: payloads.map((_, i) => i + 1),
      attempts: payloads.map(() => 1),
      payloads,
      stopOnError: false,
      ...rest,
    };
  }

  execute(run: string, payloads: unknown[], rest: Partial<Batch> = {}): Promise<BatchOutcome> {
    return this.executor.execute(this.batch(run, payloads, rest));
  }

  /** Runs one batch of one node to its end. */
  async run(node: TestNode, payloads: unknown[], rest: Partial<Batch> = {}): Promise<BatchResult> {
    const run = this.open([node]);
    const ended = await this.execute(run, payloads, rest);
    this.executor.close(run);
    return done(ended);
  }

  /** The one value the code gives for one payload. */
  async value(code: string, payload?: unknown): Promise<unknown> {
    const result = await this.run({ code }, [payload]);
    assert(result.outcomes[0] === outcome.succeeded, `The task failed: ${result.errors[0]?.stack}`);
    return result.values[0];
  }

  #fakeFiles(): Files {
    return {
      read: async (path) => {
        const data = this.files.get(path);
        if (!data)
          throw Object.assign(new Error(`no ${path}`), { name: 'HandloomError', code: 'file_not_found' });
        return data;
      },
      write: async (path, data) => {
        this.files.set(path, typeof data === 'string' ? new TextEncoder().encode(data) : data);
      },
      delete: async (path) => void this.files.delete(path),
      list: async () => [...this.files].map(([path, { byteLength: bytes }]) => ({ path, bytes })),
    };
  }
}

export function done(ended: BatchOutcome): BatchResult {
  assert(ended.kind === 'done', `The batch ended otherwise: ${ended.kind}`);
  return ended.result;
}

function prepared({
  id = 'n',
  type = 'test.code',
  code,
  outputs = ['out'],
  policy = {},
}: TestNode): PreparedNode {
  return {
    id,
    type,
    definition: testRegistry.get(type) as NodeDefinition,
    params: { code },
    prepared: code,
    policy: policySchema.parse(policy),
    outputs,
  };
}
