/** A page as small as it can be: makes the sandbox, starts an engine's worker, and passes on what the test asks. */
import { createSandboxFrame } from '../../../src/ui/sandbox-frame.ts';
import engineUrl from './engine.ts?worker&url';
import taskUrl from './task.ts?worker&url';

export interface PoolPage {
  /** Starts an engine with the sandbox, with one that never answers, or without. */
  start(sandbox: 'real' | 'silent' | 'none'): Promise<{ isolation: string; reason?: string }>;
  /** Names of the contract's cases. */
  cases(): Promise<string[]>;
  runCase(name: string): Promise<string | undefined>;
  value(code: string, payload: unknown): Promise<unknown>;
  /** Sticks in a ready worker so many times; milliseconds beyond the limit each. */
  stick(count: number): Promise<number[]>;
  bench(): Promise<Record<string, number>>;
}

let engine: Worker;
let last = 0;
const waiting = new Map<number, (value: unknown) => void>();

function ask(message: Record<string, unknown>, transfer: Transferable[] = []): Promise<never> {
  const id = ++last;
  engine.postMessage({ ...message, id }, transfer);
  return new Promise((resolve) => waiting.set(id, resolve as (value: unknown) => void));
}

const page: PoolPage = {
  async start(sandbox) {
    engine = new Worker(engineUrl);
    engine.onmessage = ({ data: { id, value } }) => {
      waiting.get(id)?.(value);
      waiting.delete(id);
    };
    const taskWorkerUrl = new URL(taskUrl, location.href).href;
    const start = { call: 'start', taskWorkerUrl };
    if (sandbox === 'none') return ask(start);
    const { port1: silent } = new MessageChannel();
    if (sandbox === 'silent') return ask({ ...start, sandbox: silent }, [silent]);
    const { port } = await createSandboxFrame(await (await fetch(taskUrl)).text());
    return ask({ ...start, sandbox: port }, [port]);
  },
  cases: () => ask({ call: 'cases' }),
  runCase: (name) => ask({ call: 'case', name }),
  value: (code, payload) => ask({ call: 'value', code, payload }),
  stick: (count) => ask({ call: 'stick', count }),
  bench: () => ask({ call: 'bench' }),
};
Object.assign(globalThis, { pool: page });
