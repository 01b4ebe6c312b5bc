import { describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import { createSqliteStore } from '../../server/store/sqlite-store.ts';
import { StoreError } from '../../src/errors.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { GraphRecord, GraphStore } from '../../src/store/store.ts';
import { GraphDocument } from '../../src/sync/graph-document.ts';
import { createGraphLibrary, type GraphLibraryOptions } from '../../src/sync/graph-library.ts';

const graphOf = (nodes: string[], more: Partial<Graph> = {}): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'g',
  nodes: nodes.map((id) => ({ id, type: 'code.js' })),
  edges: [],
  ...more,
});
const none = new Uint8Array();

function libraryOn(store: GraphStore, options: Partial<GraphLibraryOptions> = {}) {
  let time = 0;
  let id = 0;
  return createGraphLibrary(store, { now: () => time++, newId: () => `id${id++}`, ...options });
}

/** An editor in a tab: a document that talks to the library. */
async function editor(library: ReturnType<typeof libraryOn>, id: string) {
  const document = new GraphDocument();
  const outgoing: Uint8Array[] = [];
  document.doc.on(
    'update',
    (update: Uint8Array, origin: unknown) => origin !== 'remote' && outgoing.push(update),
  );
  const exchange = async () => {
    const update = outgoing.length ? Y.mergeUpdates(outgoing.splice(0)) : none;
    document.apply(await library.sync(id, update, document.vector()));
  };
  await exchange();
  return { document, exchange };
}

describe('graph library', () => {
  it('creates, lists, replaces and removes graphs', async () => {
    const library = libraryOn(createMemoryStore().graphs);
    const created = await library.create(graphOf(['a'], { description: 'why', extra: { kept: true } }));
    expect(created).toEqual({
      ...graphOf(['a'], { description: 'why', extra: { kept: true } }),
      id: 'id0',
      createdAt: new Date(0).toISOString(),
      updatedAt: expect.any(String),
    });
    const replaced = await library.replace('id0', {
      ...created,
      name: 'new',
      nodes: [...created.nodes, { id: 'b', type: 't' }],
    } as Graph);
    expect(await library.get('id0')).toEqual(replaced);
    expect(replaced.updatedAt > created.updatedAt).toBe(true);
    expect(replaced.createdAt).toBe(created.createdAt);
    const { items } = await library.list({});
    expect(items).toEqual([
      {
        id: 'id0',
        name: 'new',
        description: 'why',
        nodes: 2,
        edges: 0,
        createdAt: created.createdAt,
        updatedAt: replaced.updatedAt,
      },
    ]);
    await library.remove('id0');
    expect((await library.list({})).items).toEqual([]);
  });

  it('says of unknown graphs that they are not there', async () => {
    const library = libraryOn(createMemoryStore().graphs);
    const missing = expect.objectContaining({ code: 'graph_not_found' });
    await expect(library.get('x')).rejects.toEqual(missing);
    await expect(library.replace('x', graphOf([]))).rejects.toEqual(missing);
    await expect(library.sync('x', none, none)).rejects.toEqual(missing);
    await expect(library.remove('x')).rejects.toEqual(missing);
  });

  it('keeps every edit of several editors who edit at once', async () => {
    const library = libraryOn(createMemoryStore().graphs);
    await library.create(graphOf(['a']));
    const editors = await Promise.all(Array.from({ length: 5 }, () => editor(library, 'id0')));
    for (let round = 0; round < 10; round++) {
      editors.forEach(({ document }, i) => {
        document.setParam('a', `by ${i}`, round);
        document.addNode({ id: `n${i}-${round}`, type: 'code.js' });
      });
      await Promise.all(editors.map(({ exchange }) => exchange()));
    }
    for (const { exchange } of editors) await exchange();
    const { id: _id, createdAt: _c, updatedAt: _u, ...graph } = await library.get('id0');
    expect(graph.nodes).toHaveLength(51);
    expect(graph.nodes[0]?.params).toEqual(Object.fromEntries([0, 1, 2, 3, 4].map((i) => [`by ${i}`, 9])));
    for (const { document } of editors) expect(document.toGraph()).toEqual(graph);
  });

  it('gives an editor only what it lacks', async () => {
    const library = libraryOn(createMemoryStore().graphs);
    await library.create(graphOf(Array.from({ length: 200 }, (_, i) => `node ${i}`)));
    const { document } = await editor(library, 'id0');
    const whole = await library.sync('id0', none, none);
    const rest = await library.sync('id0', none, document.vector());
    expect(rest.length).toBeLessThan(50);
    expect(whole.length).toBeGreaterThan(5000);
  });

  it('tells subscribers of each change, and only of stored ones', async () => {
    const store = createMemoryStore().graphs;
    const library = libraryOn(store);
    await library.create(graphOf(['a']));
    const mirror = new GraphDocument();
    mirror.apply(await library.sync('id0', none, none));
    const heard: number[] = [];
    const stop = library.subscribe('id0', (update) => {
      mirror.apply(update);
      heard.push(mirror.toGraph().nodes.length);
    });
    await library.replace('id0', graphOf(['a', 'b']));
    await library.replace('id0', graphOf(['a', 'b']));
    expect(heard).toEqual([2]);
    vi.spyOn(store, 'append').mockRejectedValueOnce(new StoreError('store_full', 'no room'));
    await expect(library.replace('id0', graphOf(['a', 'b', 'c']))).rejects.toMatchObject({
      code: 'store_full',
    });
    expect(heard).toEqual([2]);
    expect((await library.get('id0')).nodes).toHaveLength(2);
    await library.replace('id0', graphOf(['a', 'b', 'd']));
    expect(heard).toEqual([2, 3]);
    stop();
    await library.replace('id0', graphOf([]));
    expect(heard).toEqual([2, 3]);
  });

  it('refuses a broken update and keeps the graph', async () => {
    const library = libraryOn(createMemoryStore().graphs);
    await library.create(graphOf(['a']));
    await expect(library.sync('id0', Uint8Array.of(7, 7, 7), none)).rejects.toMatchObject({
      code: 'invalid_update',
    });
    expect((await library.get('id0')).nodes).toHaveLength(1);
  });

  it('compacts the log, and goes on without it when that fails', async () => {
    const store = createMemoryStore().graphs;
    const library = libraryOn(store, { compactAfter: 5 });
    await library.create(graphOf([]));
    vi.spyOn(store, 'compact').mockRejectedValueOnce(new StoreError('store_full', 'no room'));
    for (let i = 1; i <= 17; i++) {
      await library.replace('id0', graphOf(Array.from({ length: i }, (_, n) => `n${n}`)));
      expect((await store.load('id0'))?.length).toBeLessThanOrEqual(6);
    }
    expect((await library.get('id0')).nodes).toHaveLength(17);
  });

  it('keeps few documents in memory and finds the others in the store', async () => {
    const store = createMemoryStore().graphs;
    const load = vi.spyOn(store, 'load');
    const library = libraryOn(store, { idleDocuments: 3 });
    for (let i = 0; i < 10; i++) await library.create(graphOf([`n${i}`]));
    const stop = library.subscribe('id9', () => undefined);
    for (let i = 0; i < 10; i++) expect((await library.get(`id${i}`)).nodes[0]?.id).toBe(`n${i}`);
    const loads = load.mock.calls.map(([id]) => id);
    expect(loads).toEqual(['id0', 'id1', 'id2', 'id3', 'id4', 'id5', 'id6', 'id7', 'id8']);
    stop();
  });

  it('keeps no more bytes in memory than it may while nobody uses them', async () => {
    const store = createMemoryStore().graphs;
    const load = vi.spyOn(store, 'load');
    const library = libraryOn(store, { idleBytes: 2000 });
    const large = { ...graphOf(['a']), inputs: { a: ['x'.repeat(3000)] } };
    const loads = async (...ids: string[]) => {
      load.mockClear();
      for (const id of ids) await library.get(id);
      return load.mock.calls.map(([id]) => id);
    };
    await library.create(graphOf(['small']));
    expect(await library.create(large)).toMatchObject(large);
    // What is too large alone does not stay, and drives nothing out.
    expect(await loads('id0', 'id1', 'id1', 'id0')).toEqual(['id1', 'id1']);
    const stop = library.subscribe('id1', () => undefined);
    expect(await loads('id1', 'id1', 'id0')).toEqual(['id1']);
    stop();
    expect(await loads('id0', 'id1')).toEqual(['id1']);
    // Of small ones, those unused for longest go.
    for (let i = 2; i < 12; i++)
      await library.create(graphOf(Array.from({ length: 3 }, (_, n) => `${i}-${n}`)));
    expect(await loads('id11', 'id0')).toEqual(['id0']);
  });

  it('says which graph is damaged', async () => {
    const store = createMemoryStore().graphs;
    const created = await libraryOn(store).create(graphOf(['a']));
    const record = await store.get(created.id);
    await store.append(record as GraphRecord, Uint8Array.of(9, 9, 9));
    const damaged = { code: 'graph_damaged', details: { id: created.id } };
    await expect(libraryOn(store).get(created.id)).rejects.toMatchObject(damaged);
  });

  it('has every graph again after a restart', async () => {
    const store = await createSqliteStore(':memory:');
    const library = libraryOn(store.graphs, { compactAfter: 3 });
    await library.create(graphOf(['a'], { inputs: { a: [{ deep: [1, null, '结'] }] } }));
    const { document, exchange } = await editor(library, 'id0');
    for (let i = 0; i < 8; i++) {
      document.addNode({ id: `n${i}`, type: 'code.js' });
      await exchange();
    }
    const again = libraryOn(store.graphs);
    expect(await again.get('id0')).toEqual(await library.get('id0'));
    await store.close();
  });
});
