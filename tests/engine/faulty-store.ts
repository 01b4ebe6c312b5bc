/** A store that refuses what a test says. */
import type { RunStore, Store } from '../../src/store/store.ts';

type Method = keyof RunStore;

/** Called before and after each call; what it throws is what the caller gets. */
export type Fault = (method: Method, call: number, when: 'before' | 'after') => void;

/** The same store, behind a door that a fault may shut. Calls are counted by method, from 1. */
export function faultyStore(store: Store, fault: Fault): Store {
  const calls = new Map<Method, number>();
  const runs = Object.fromEntries(
    Object.entries(store.runs).map(([name, work]) => {
      const method = name as Method;
      const guarded = async (...given: unknown[]) => {
        const call = (calls.get(method) ?? 0) + 1;
        calls.set(method, call);
        fault(method, call, 'before');
        const answer = await (work as (...given: unknown[]) => Promise<unknown>)(...given);
        fault(method, call, 'after');
        return answer;
      };
      return [method, guarded];
    }),
  ) as unknown as RunStore;
  return { ...store, runs };
}

/** Called before and after each call of whatever part; calls are counted over all of them, from 1. */
export type FaultAnywhere = (call: number, name: string, when: 'before' | 'after') => void;

const parts = ['runs', 'artifacts', 'cache'] as const;

/** The same store, with one door before its journal, its artifacts and its cache. */
export function faultyAnywhere(store: Store, fault: FaultAnywhere): Store {
  let calls = 0;
  const guarded = parts.map((part) => {
    const methods = Object.entries(store[part]).map(([name, work]) => [
      name,
      async (...given: unknown[]) => {
        const call = ++calls;
        fault(call, `${part}.${name}`, 'before');
        const answer = await (work as (...given: unknown[]) => Promise<unknown>)(...given);
        fault(call, `${part}.${name}`, 'after');
        return answer;
      },
    ]);
    return [part, Object.fromEntries(methods)];
  });
  return { ...store, ...Object.fromEntries(guarded) };
}
