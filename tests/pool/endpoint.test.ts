import { expose } from 'comlink';
import { afterEach, expect, it } from 'vitest';
import { guardedEndpoint } from '../../src/pool/endpoint.ts';

const open: MessagePort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

/** Sends what a hostile worker might, then one proper call; gives every reply. */
async function repliesTo(messages: unknown[], guard: boolean): Promise<Record<string, unknown>[]> {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const broker = { fetch: (x: number) => x + 1 };
  expose(broker, guard ? guardedEndpoint(port1, new Set(['fetch'])) : port1);
  port1.start();
  const replies: Record<string, unknown>[] = [];
  const last = new Promise<void>((resolve) => {
    port2.onmessage = ({ data }) => {
      replies.push(data);
      if (data.id === 'last') resolve();
    };
  });
  for (const message of messages) port2.postMessage(message);
  port2.postMessage({
    id: 'last',
    type: 'APPLY',
    path: ['fetch'],
    argumentList: [{ type: 'RAW', value: 1 }],
  });
  await last;
  return replies;
}

const raw = (value: unknown) => ({ type: 'RAW', value });
const forged = [
  { id: 'a', type: 'CONSTRUCT', path: ['fetch', 'constructor'], argumentList: [raw('return 1')] },
  { id: 'b', type: 'GET', path: ['fetch', 'name'] },
  { id: 'c', type: 'SET', path: ['__proto__', 'polluted'], value: raw(true) },
  { id: 'd', type: 'ENDPOINT' },
  { id: 'e', type: 'APPLY', path: ['constructor', 'keys'], argumentList: [raw({})] },
  { id: 'f', type: 'APPLY', path: ['fetch'], argumentList: [{ type: 'HANDLER', name: 'proxy', value: 1 }] },
  { id: 'g', type: 'RELEASE', path: [] },
  { id: {}, type: 'APPLY', path: ['fetch'], argumentList: [] },
  null,
  'text',
];

it('answers calls of the named functions and nothing else', async () => {
  const replies = await repliesTo(forged, true);
  expect(replies).toEqual([{ id: 'last', type: 'RAW', value: 2 }]);
  expect({}).not.toHaveProperty('polluted');
});

it('is needed: Comlink by itself hands out the constructor of functions', async () => {
  const replies = await repliesTo(forged.slice(0, 1), false);
  expect(replies[0]).toMatchObject({ id: 'a', type: 'HANDLER', name: 'proxy' });
});
