import { expect, it } from 'vitest';
import { missingPlatforms } from '../.ci/complete-lock.mjs';
import lock from '../package-lock.json' with { type: 'json' };

it('names the native packages of every platform, without which npm ci refuses it (node .ci/complete-lock.mjs)', () => {
  expect(Object.keys(missingPlatforms(lock.packages))).toEqual([]);
});

it('holds no address of a registry', () => {
  expect(Object.values(lock.packages).filter((entry) => 'resolved' in entry)).toEqual([]);
});
