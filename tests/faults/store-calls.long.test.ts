/** A store that refuses at any of its calls, in every way. */
import { test } from 'vitest';
import { expectAnyRefusalToCostNothing, type Refusals } from './store-calls.ts';

const ways = (['busy', 'full', 'thrown'] as const).flatMap((kind): Refusals[] => [
  { kind, row: 1, when: 'before' },
  { kind, row: 1, when: 'after' },
  { kind, row: 4, when: 'before' },
]);

test.each(ways)(
  'a refusal at any call of the store costs nothing: $kind, $row in a row, $when it has done its work',
  (way) => expectAnyRefusalToCostNothing(way),
);
