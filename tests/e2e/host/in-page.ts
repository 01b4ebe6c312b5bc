/** What the tests of the browser's host run inside a page of the app: bundled as one script and evaluated there. */
import { createClient } from '../../../src/api/client.ts';
import { connectRemoteEngine } from '../../../src/api/remote-engine.ts';
import { createSwitchedFetch } from '../../../src/api/switched-fetch.ts';
import { acceptanceCases } from '../../hosts/acceptance-cases.ts';
import { apiCases } from '../../hosts/api-suite.ts';
import { runAcceptanceCase } from '../../hosts/run-acceptance.ts';

/** The two ways to the engine from outside its own page. */
export type Way = 'service worker' | 'port';

function createInPage() {
  const line = createSwitchedFetch();
  connectRemoteEngine((connection) => line.use(connection?.fetch));
  const ways: Record<Way, typeof fetch> = {
    'service worker': (input, init) => fetch(input, init),
    port: line.fetch,
  };
  const suite = (way: Way) => apiCases({ fetch: ways[way], base: '/api', host: 'browser' });
  return {
    ways,
    client: (way: Way) => createClient(ways[way], '/api'),

    apiCaseNames: () => suite('port').map(({ name }) => name),
    async runApiCase(way: Way, name: string): Promise<void> {
      await suite(way)
        .find((each) => each.name === name)
        ?.run();
    },

    acceptanceNames: () => acceptanceCases.map(({ graph }) => graph.name),
    /** What differs from what was expected. */
    async runAcceptance(way: Way, name: string): Promise<string[]> {
      const found = acceptanceCases.find(({ graph }) => graph.name === name);
      return found ? runAcceptanceCase(createClient(ways[way], '/api'), found) : [`There is no case ${name}`];
    },
  };
}

export type InPage = ReturnType<typeof createInPage>;

declare global {
  var inPage: InPage;
}
globalThis.inPage = createInPage();
