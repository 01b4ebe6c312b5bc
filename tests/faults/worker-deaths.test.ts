/** Tasks that take their workers with them; worker-deaths.long.test.ts has more of them. */
import { expect, test } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { startBuiltServer } from '../hosts/built-server.ts';
import { expectDeathsAccountedFor } from './worker-deaths.ts';

test('tasks that end their worker fail, and all others succeed once', async () => {
  const server = await startBuiltServer();
  try {
    const deaths = await expectDeathsAccountedFor(createClient(fetch, `${server.url}/api`), {
      host: 'node',
      tasks: 120,
      every: 30,
    });
    expect(deaths).toBe(16);
  } finally {
    await server.stop();
  }
}, 120_000);
