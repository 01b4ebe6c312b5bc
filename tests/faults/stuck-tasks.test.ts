/** Tasks that never let go of their worker; stuck-tasks.long.test.ts has more of them. */
import { expect, test } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { expectStuckEnded } from './stuck-tasks.ts';

test('loops, regular expressions and promises without end fail at their limit, and all others succeed', async () => {
  const server = await startBuiltServer();
  try {
    const stuck = { tasks: 100, every: 25, modes: ['thread', 'process'], timeoutMs: 250 } as const;
    const overrun = await expectStuckEnded(createClient(fetch, `${server.url}/api`), {
      ...stuck,
      modes: [...stuck.modes],
    });
    expect(Object.values(overrun).map(({ length }) => length)).toEqual([4, 4]);
  } finally {
    await server.stop();
  }
}, 120_000);
