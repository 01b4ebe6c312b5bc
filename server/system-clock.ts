/** Time as it is. */
import type { Clock } from '../src/engine/clock.ts';

/** Node fires at once what should wait longer than this. */
const longestMs = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
};
