/** Whom it is laid to that a worker has been silent for longer than one of its tasks may take. */
import type { Flight, Slot, Start } from './flight.ts';

type Verdict =
  /** Somebody else is at it, who has time left or is about to be ended: to be looked at again. */
  | 'later'
  /** This task. */
  | { culprit: Flight; start: Start }
  /** Some task of these. */
  | { anyOf: Flight[] };

/**
 * A handler that has not returned holds the event loop. Where all have returned, it is held by what one of them left
 * behind (a flood of promises), and of several under way side by side nobody can say whose that is.
 */
export function blame(slot: Slot, late: Flight, sideBySide: boolean): Verdict {
  const { current } = slot;
  const holder = current && slot.flights.get(current.batch);
  if (holder) {
    const waits = holder !== late && (holder.deadline !== undefined || holder.settled);
    return waits ? 'later' : { culprit: holder, start: current };
  }
  const begun: Flight[] = [];
  for (const each of slot.flights.values()) {
    // Code that is being made has a limit of its own, and what has been given up is ended soon.
    if (isLoading(each) || (each.settled && each.lastStarted)) return 'later';
    if (each.lastStarted) begun.push(each);
  }
  if (sideBySide && (begun.length > 1 || late.batch.tasks.length > 1)) return { anyOf: begun };
  return { culprit: late, start: late.lastStarted ?? { index: 0, at: late.sentAt } };
}

/** Whether the code of a flight's program is not at fault if it is not ready: its worker has not come to it. */
export function isHeldUp(slot: Slot, flight: Flight): boolean {
  if (slot.current) return slot.current.batch !== flight.batch.id;
  if (isLoading(flight)) return false;
  for (const each of slot.flights.values()) if (each !== flight && each.lastStarted) return true;
  return false;
}

/** Whether a worker is making the code of its program. */
const isLoading = ({ loading, isLoadBegun }: Flight): boolean => loading !== undefined && isLoadBegun;
