/**
 * Payloads of every shape. Each holds a number, its rank, which the nodes of random graphs work by; those without one
 * make them fail.
 */
import type { Chance } from './chance.ts';

const shapes: ((n: number) => unknown)[] = [
  (n) => `s${n}`,
  (n) => ({ n }),
  (n) => ({ label: 'x', n, at: new Date(n), deep: [{ bytes: new Uint8Array([n, 255]) }] }),
  (n) =>
    new Map<string, unknown>([
      ['n', n],
      ['tags', new Set(['a', n])],
    ]),
  (n) => new Date(n),
  (n) => new Float64Array([n, -0.5]),
  (n) => BigInt(n),
  () => Number.NaN,
  () => undefined,
  () => null,
  () => -0,
  () => [],
  () => 'text',
  () => ({ n: 'no number', code: 1 }),
];

/** Too large to travel in the journal. */
export const largeText = 33_000;

/** One that is stored apart from the journal. */
export const largePayload = (chance: Chance): unknown => ({
  n: chance.int(0, 20),
  pad: chance.pick('xyz'.split('')).repeat(largeText),
});

/** The payload, made too large to travel in the journal where it is an object with nothing but its rank. */
export const swollen = (payload: unknown): unknown =>
  Object.keys(Object(payload)).join() === 'n'
    ? { ...(payload as object), pad: 'p'.repeat(largeText) }
    : payload;

/** A payload: nearly always a number, where `plain`. */
export function randomPayload(chance: Chance, plain: boolean): unknown {
  const n = chance.int(0, 20);
  if (plain || chance.happens(0.4)) return n;
  return chance.pick(shapes)(n);
}

/** JavaScript that gives the rank of a payload `p` (`rank`), and one like it with a higher rank (`grow`). */
export const rankAndGrow = `
const rank = (p) => typeof p === 'number' ? p : typeof p === 'bigint' ? Number(p)
  : typeof p === 'string' ? Number(p.slice(1)) : p instanceof Date ? p.getTime() : p instanceof Map ? p.get('n')
  : ArrayBuffer.isView(p) ? p[0] : typeof p === 'object' && p !== null ? p.n : NaN;
const grow = (p, by) => typeof p === 'number' ? p + by : typeof p === 'bigint' ? p + BigInt(by)
  : typeof p === 'string' ? 's' + (rank(p) + by) : p instanceof Date ? new Date(rank(p) + by)
  : p instanceof Map ? new Map(p).set('n', rank(p) + by) : ArrayBuffer.isView(p) ? p.map((x) => x + by)
  : { ...p, n: p.n + by };
`;
