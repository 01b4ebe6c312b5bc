/** Whom a worker's death is laid to. */
import { type Flight, firstOf, type Slot, type Start } from './flight.ts';

/**
 * Settles the flights of a worker that has ended by itself. The one under way is at fault, at the task it was at where
 * that is known; of several under way, each may be, unless the worker has said which it was at. What waited has lost
 * nothing but time.
 */
export function settleDeath(slot: Slot, reason: string, sideBySide: boolean): void {
  const { current, flights, handle } = slot;
  const known = current && flights.get(current.batch);
  const suspects = known ? [known] : sideBySide ? [...flights.values()] : [firstOf(slot)];
  for (const flight of flights.values()) {
    if (!suspects.includes(flight)) flight.settle({ kind: 'lost', reason });
    else {
      const start = taskAt(flight, known && current, suspects.length === 1);
      const task = start && { index: start.index, begunAt: start.at };
      flight.settle({ kind: 'died', reason, worker: handle.name, ...task });
    }
  }
}

function taskAt(flight: Flight, current: Slot['current'], isAlone: boolean): Start | undefined {
  if (!flight.exact) return undefined;
  if (current) return current;
  return isAlone ? flight.lastStarted : undefined;
}
