import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/api/client.ts';
import { acceptanceCases } from './acceptance-cases.ts';
import { apiCases } from './api-suite.ts';
import { type BuiltServer, startBuiltServer } from './built-server.ts';
import { runAcceptanceCase } from './run-acceptance.ts';

let server: BuiltServer | undefined;
beforeAll(async () => {
  server = await startBuiltServer();
});
afterAll(async () => {
  if (server) expect(await server.stop()).toBe(0);
});

/** The suite is listed before the server has said where it is. */
const later = (url: string, init?: RequestInit) => fetch((server?.url ?? '') + url, init);

describe.each(['/api', '/server/api'])('the API of a Node host at %s', (base) => {
  for (const { name, run } of apiCases({ fetch: later, base, host: 'node' })) it(name, run);
});

describe('acceptance cases over HTTP', () => {
  it.each(acceptanceCases.map((each) => [each.graph.name, each] as const))('%s', async (_, each) => {
    expect(await runAcceptanceCase(createClient(later), each)).toEqual([]);
  });
});
