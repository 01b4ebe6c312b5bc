/** Which ended runs are kept, and for how long. */

/** Every limit given holds; without any, all is kept. */
export interface Retention {
  /** Since they ended. */
  maxAgeMs?: number;
  /** The newest so many. */
  maxRuns?: number;
  /** The newest that fit: journals, and the artifacts they use. */
  maxBytes?: number;
}

export interface EndedRun {
  id: string;
  /** Milliseconds since 1970. */
  endedAt: number;
  bytes: number;
}

/** Ids of the runs that are to go, oldest first. */
export function beyondRetention(runs: readonly EndedRun[], retention: Retention, now: number): string[] {
  const { maxAgeMs = Infinity, maxRuns = Infinity, maxBytes = Infinity } = retention;
  const newestFirst = runs.toSorted((a, b) => b.endedAt - a.endedAt);
  let bytes = 0;
  let isFull = false;
  const gone = newestFirst.filter((run, i) => {
    bytes += run.bytes;
    // Also a small run goes when a newer one did not fit: what is left is without gaps.
    isFull ||= bytes > maxBytes;
    return isFull || i >= maxRuns || now - run.endedAt > maxAgeMs;
  });
  return gone.map(({ id }) => id).reverse();
}
