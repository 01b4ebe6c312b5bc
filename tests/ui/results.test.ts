import { expect, it } from 'vitest';
import type { Client } from '../../src/api/client.ts';
import { Results } from '../../src/ui/state/results.svelte.ts';

const problem = { code: 'payload_missing', message: 'A stored payload is missing: abc.' };

it('what is wrong with a result is still told when the pages after it are sound', async () => {
  const lost = { $missing: 'abc', ...problem };
  const pages = [
    { items: [1], nextCursor: 'b' },
    { items: [lost], nextCursor: 'c', problem },
    { items: [3], nextCursor: null },
  ];
  const listOutputs = async () => pages.shift();
  const results = new Results({ listOutputs } as unknown as Client, 'run', undefined);
  await results.next();
  expect(results.problem).toBeUndefined();
  expect(await results.all()).toEqual([1, lost, 3]);
  expect(results.problem).toEqual(problem);
});
