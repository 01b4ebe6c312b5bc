/** Which ended runs are kept, and for how long. */

/** Every limit given holds; without any, all is kept. Age and size hold for results kept for later runs, too. */
export interface Retention {
  /** Since they ended, or were kept. */
  maxAgeMs?: number;
  /** The newest so many. */
  maxRuns?: number;
  /** The newest that fit: journals, and the artifacts they use. */
  maxBytes?: number;
}

/** What went by it, the last time that something did. */
export interface Removal {
  /** ISO 8601. */
  at: string;
  runs: number;
  /** Of the runs, about. */
  bytes: number;
  /** Results that were kept for later runs. */
  cached: number;
}

/** What is kept, by which limits, and what went by them. */
export interface RetentionReport {
  limits: Retention;
  /** The host was started with them: they cannot be set. */
  fixed?: true;
  kept: { runs: number; bytes: number; cached: number; cachedBytes: number };
  removed?: Removal;
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
