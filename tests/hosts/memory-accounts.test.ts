import { expect, test } from 'vitest';
import { MemoryAccounts } from '../../server/memory-accounts.ts';

const looks = (rows: [held: number, faults: Record<string, number>][]) => {
  const accounts = new MemoryAccounts<string>(100);
  for (const [held, faults] of rows) accounts.take(held, new Map(Object.entries(faults)));
  return (thread: string) => Math.round(accounts.heldBy(thread));
};

test('what a process grows by is put down to the threads that touched new memory', () => {
  const held = looks([
    [200, { a: 10, b: 0 }],
    [300, { a: 40, b: 10 }],
  ]);
  expect([held('a'), held('b')]).toEqual([175, 25]);
});

test('what it gives back is taken off all alike, and never more than they hold', () => {
  const held = looks([
    [500, { a: 30, b: 10 }],
    [300, { a: 30, b: 10 }],
  ]);
  expect([held('a'), held('b')]).toEqual([150, 50]);
  const none = looks([
    [500, { a: 10 }],
    [10, { a: 10 }],
    [110, { a: 20 }],
  ]);
  expect(none('a')).toBe(100);
});

test('a thread that takes memory and gives it back again and again holds none', () => {
  const rows = Array.from({ length: 40 }, (_, i): [number, Record<string, number>] => [
    i % 2 ? 100 : 900,
    { busy: i * 1000, idle: 5 },
  ]);
  const held = looks(rows);
  expect([held('busy'), held('idle')]).toEqual([0, 0]);
});
