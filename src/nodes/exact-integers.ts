/**
 * Whole numbers without rounding: plain numbers as long as they are exact, big integers beyond. A fraction turns the
 * result into an ordinary floating-point number.
 */

export type Exact = number | bigint;

/** Larger whole numbers are refused: about 30,000 digits. */
const maxBits = 100_000;
const maxFactorial = 8_000;

export const isWhole = (value: Exact): boolean => typeof value === 'bigint' || Number.isSafeInteger(value);

/** A big integer as a number where that is exact. */
export const simplest = (value: bigint): Exact =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

export const add = (a: Exact, b: Exact): Exact =>
  combine(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );
export const subtract = (a: Exact, b: Exact): Exact =>
  combine(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
  );

/** @throws RangeError when the product is too long. */
export const multiply = (a: Exact, b: Exact): Exact =>
  combine(
    a,
    b,
    (x, y) => x * y,
    (x, y) => {
      refuseBeyond(bits(x) + bits(y));
      return x * y;
    },
  );

/** @throws RangeError on division by zero. */
export function divide(a: Exact, b: Exact): Exact {
  if (Number(b) === 0) throw new RangeError(`${brief(a)} cannot be divided by zero.`);
  if (isWhole(a) && isWhole(b) && BigInt(a) % BigInt(b) === 0n) return simplest(BigInt(a) / BigInt(b));
  return Number(a) / Number(b);
}

/** @throws RangeError when the power is too long, or not a real number. */
export function power(base: Exact, exponent: Exact): Exact {
  if (isWhole(base) && isWhole(exponent) && exponent >= 0) {
    const whole = BigInt(base);
    if (whole > 1n || whole < -1n) refuseBeyond(bits(whole) * Number(exponent));
    return simplest(whole ** BigInt(exponent));
  }
  const result = Number(base) ** Number(exponent);
  if (Number.isNaN(result) || (Number(base) === 0 && Number(exponent) < 0))
    throw new RangeError(`${brief(base)} to the power of ${brief(exponent)} is not a real number.`);
  return result;
}

/** @throws RangeError unless it is a whole number from 0 to 8,000. */
export function factorial(of: Exact): Exact {
  const count = wholeWithin(of, maxFactorial, 'The factorial');
  let result = 1n;
  for (let i = 2; i <= count; i++) result *= BigInt(i);
  return simplest(result);
}

/** The Fibonacci number at a position: 0, 1, 1, 2, 3, 5, … @throws RangeError unless it is within 0 and 100,000. */
export function fibonacciAt(position: Exact): Exact {
  const count = wholeWithin(position, maxBits, 'The Fibonacci number');
  let [a, b] = [0n, 1n];
  // By doubling: F(2k) and F(2k + 1) from F(k) and F(k + 1), one binary digit of the position at a time.
  for (const digit of count.toString(2)) {
    const [even, odd] = [a * (2n * b - a), a * a + b * b];
    [a, b] = digit === '1' ? [odd, even + odd] : [even, odd];
  }
  return simplest(a);
}

/** 0, 1, 1, 2, 3, 5, … without end. */
export function* fibonacciNumbers(): Generator<Exact> {
  for (let [a, b]: [Exact, Exact] = [0, 1]; ; [a, b] = [b, add(a, b)]) yield a;
}

/** A number as an error names it. */
export function brief(value: Exact): string {
  const text = String(value);
  return text.length > 40 ? `${text.slice(0, 20)}… (${text.length} digits)` : text;
}

function combine(
  a: Exact,
  b: Exact,
  plain: (x: number, y: number) => number,
  whole: (x: bigint, y: bigint) => bigint,
): Exact {
  if (!isWhole(a) || !isWhole(b)) return plain(Number(a), Number(b));
  if (typeof a === 'number' && typeof b === 'number') {
    const result = plain(a, b);
    if (Number.isSafeInteger(result)) return result;
  }
  return simplest(whole(BigInt(a), BigInt(b)));
}

/** An upper bound of the binary digits, within four. */
const bits = (value: bigint): number => (value < 0n ? -value : value).toString(16).length * 4;

function refuseBeyond(size: number): void {
  if (size > maxBits + 64) throw new RangeError('The result would have more than 30,000 digits.');
}

function wholeWithin(value: Exact, limit: number, what: string): number {
  if (isWhole(value) && value >= 0 && value <= limit) return Number(value);
  throw new RangeError(
    `${what} is computed of whole numbers from 0 to ${limit.toLocaleString('en')}, not of ${brief(value)}.`,
  );
}
