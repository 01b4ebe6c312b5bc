/** Prime numbers in order, from anywhere on, without end. */

const segment = 1 << 16;

/**
 * Sieves one stretch of numbers after another, so that neither a high start nor a long way costs much memory.
 * @throws RangeError beyond 10^12, where the primes to sieve with would take too long.
 */
export function* primesFrom(start: number): Generator<number> {
  /** Every prime up to the square root of what has been sieved so far. */
  const small: number[] = [];
  let known = 1;
  for (let low = Math.max(2, Math.ceil(start)); ; low += segment) {
    const high = low + segment;
    if (high > 1e12) throw new RangeError('Primes are computed up to a million million.');
    const root = Math.floor(Math.sqrt(high));
    if (root > known) {
      small.push(...smallPrimes(known + 1, root, small));
      known = root;
    }
    const composite = new Uint8Array(segment);
    for (const prime of small) {
      const first = Math.max(prime * prime, Math.ceil(low / prime) * prime);
      for (let multiple = first; multiple < high; multiple += prime) composite[multiple - low] = 1;
    }
    for (let i = 0; i < segment; i++) if (composite[i] === 0) yield low + i;
  }
}

/** The primes from `from` to `to`, both included, given those below `from`. */
function* smallPrimes(from: number, to: number, below: readonly number[]): Generator<number> {
  const found = [...below];
  for (let candidate = from; candidate <= to; candidate++) {
    let prime = true;
    for (const divisor of found) {
      if (divisor * divisor > candidate) break;
      if (candidate % divisor === 0) {
        prime = false;
        break;
      }
    }
    if (!prime) continue;
    found.push(candidate);
    yield candidate;
  }
}
