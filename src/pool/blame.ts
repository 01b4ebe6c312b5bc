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
 * behind (a flood of promises), or by code that is being made, and of several side by side nobody can say whose that
 * is.
 */
export function blame(slot: Slot, late: Flight, sideBySide: boolean): Verdict {
  const { current } = slot;
  const holder = current && slot.flights.get(current.batch);
  if (holder) {
    const waits = holder !== late && (holder.deadline !== undefined || holder.settled);
    return waits ? 'later' : { culprit: holder, start: current };
  }
  const atIt: Flight[] = [];
  for (const each of slot.flights.values()) {
    // What has been given up is ended soon, and code that is made before anything else has a limit of its own.
    if ((each.settled && each.lastStarted) || (isLoading(each) && !sideBySide)) return 'later';
    if (each.lastStarted || isLoading(each)) atIt.push(each);
  }
  if (sideBySide && (atIt.length > 1 || late.batch.tasks.length > 1)) return { anyOf: atIt };
  // Its time has counted from the start of a task.
  return { culprit: late, start: late.lastStarted as Start };
}

/**
 * Whose tasks may keep a worker from making the code of a flight's program; if nobody's, that code is at fault itself:
 * so it is where the worker has come to it, and has begun tasks of others since.
 */
export function heldUpBy({ current, flights }: Slot, flight: Flight, since: number): Flight[] {
  const others = [...flights.values()].filter((each) => each !== flight);
  if (current) return others.filter(({ batch }) => batch.id === current.batch);
  const begun = others.filter(({ lastStarted }) => lastStarted);
  const goesOn = begun.some(({ lastStarted }) => lastStarted && lastStarted.at > since);
  return isLoading(flight) && goesOn ? [] : begun;
}

/**
 * Whether nobody else will end a worker that these keep busy: none of them has a limit of its own or has been given
 * up, and for so long the worker has not begun another of their tasks.
 */
export const isHeldForGood = (holders: readonly Flight[], since: number): boolean =>
  holders.every(
    ({ deadline, settled, lastStarted }) => !deadline && !settled && (lastStarted?.at ?? 0) <= since,
  );

/** Whether a worker is making the code of its program. */
export const isLoading = ({ loading, isLoadBegun }: Flight): boolean => loading !== undefined && isLoadBegun;
