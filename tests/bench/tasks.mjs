/**
 * What the tasks compute: the same functions for the plain loop, for the threads of the pools (which load this file)
 * and for Handloom (which gets their text as the code of its nodes).
 */

/** @param {[number, number]} pair */
export function add([x, y]) {
  return x + y;
}

/** @param {number} x */
export function square(x) {
  return x * x;
}

/**
 * Sum of the primes below `limit`, by trial division: about 2 ms of plain arithmetic at 20,000.
 * @param {number} limit
 */
export function sumOfPrimes(limit) {
  let sum = 0;
  for (let i = 2; i < limit; i++) {
    let isPrime = true;
    for (let d = 2; d * d <= i; d++) {
      if (i % d === 0) {
        isPrime = false;
        break;
      }
    }
    if (isPrime) sum += i;
  }
  return sum;
}

/**
 * The same for several limits, for pools that are given some tasks in one call.
 * @param {number[]} limits
 */
export function sumsOfPrimes(limits) {
  return limits.map(sumOfPrimes);
}
