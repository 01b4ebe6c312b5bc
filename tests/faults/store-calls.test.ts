/** A store that refuses at any of its calls; store-calls.long.test.ts has all the ways. */
import { test } from 'vitest';
import { expectAnyRefusalToCostNothing, type Refusals } from './store-calls.ts';

const ways: Refusals[] = [
  { kind: 'busy', row: 1, when: 'before', some: { first: 1, step: 3 } },
  { kind: 'thrown', row: 1, when: 'after', some: { first: 2, step: 3 } },
];

test.each(ways)(
  'a refusal at one call in three of the store costs nothing: $kind, $row in a row, $when it has done its work',
  (way) => expectAnyRefusalToCostNothing(way),
  60_000,
);
