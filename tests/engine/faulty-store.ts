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
