import { afterEach, describe, expect, it, vi } from 'vitest';
import * as Y from 'yjs';
import type { Graph } from '../../src/schema/graph.ts';
import { GraphDocument } from '../../src/sync/graph-document.ts';
import fc from '../property.ts';
import { anyEdit, anyGraph, edit, faults } from './arbitrary-graph.ts';

const graphOf = (nodes: string[], more: Partial<Graph> = {}): Graph => ({
  format: 'handloom.graph',
  version: 1,
  name: 'g',
  nodes: nodes.map((id) => ({ id, type: 'code.js', params: { code: 'x => x' } })),
  edges: [],
  ...more,
});
const counter = (prefix: string) => {
  let next = 0;
  return () => `${prefix}${next++}`;
};
/** Documents of one graph in several tabs, and a way to bring them to the same state. */
function tabs(graph: Graph, count = 2) {
  const origin = GraphDocument.fromGraph(graph);
  const documents = Array.from({ length: count }, (_, i) => {
    const document = new GraphDocument({ newId: counter(`tab${i}-`) });
    document.apply(origin.encode());
    return document;
  });
  const merge = () => {
    for (const a of documents) for (const b of documents) if (a !== b) b.apply(a.encode(b.vector()));
    for (const a of documents) for (const b of documents) if (a !== b) b.apply(a.encode(b.vector()));
  };
  return { documents, merge };
}

afterEach(() => void vi.useRealTimers());

describe('graph document', () => {
  it('gives any graph back as it was', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        expect(GraphDocument.fromGraph(graph).toGraph()).toEqual(graph);
      }),
      { numRuns: 300 },
    );
  });

  it('gives any graph back after it crossed to another replica', () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const other = new GraphDocument();
        other.apply(GraphDocument.fromGraph(graph).encode());
        expect(other.toGraph()).toEqual(graph);
      }),
      { numRuns: 300 },
    );
  });

  it('becomes any other graph by replace, and touches only what differs', () => {
    fc.assert(
      fc.property(anyGraph, anyGraph, (before, after) => {
        const document = GraphDocument.fromGraph(before);
        document.replace(after);
        expect(document.toGraph()).toEqual(after);
        const changed = vi.fn();
        document.observe(changed);
        document.replace(after);
        expect(changed).not.toHaveBeenCalled();
      }),
      { numRuns: 300 },
    );
  });

  it('keeps an edit of another tab where replace changes something else', () => {
    const { documents, merge } = tabs(graphOf(['a', 'b']));
    const [left, right] = documents as [GraphDocument, GraphDocument];
    right.setParam('a', 'x', 1);
    const next = structuredClone(left.toGraph());
    next.nodes.push({ id: 'c', type: 'code.js' });
    left.replace(next);
    merge();
    expect(left.toGraph().nodes.map((node) => node.id)).toEqual(['a', 'b', 'c']);
    expect(left.toGraph().nodes[0]?.params).toEqual({ code: 'x => x', x: 1 });
  });

  it('keeps parts that did not change as the same objects', () => {
    const document = GraphDocument.fromGraph(graphOf(['a', 'b']));
    const before = document.toGraph();
    expect(document.toGraph()).toBe(before);
    document.setParam('a', 'x', 1);
    expect(document.toGraph().nodes[0]).not.toBe(before.nodes[0]);
    expect(document.toGraph().nodes[1]).toBe(before.nodes[1]);
  });

  it('does what each command says', () => {
    const document = GraphDocument.fromGraph(graphOf(['a'], { inputs: { a: [1] } }), { newId: counter('n') });
    const id = document.addNode({ type: 'math.expression', label: 'E', position: { x: 1, y: 2 } });
    expect(id).toBe('n0');
    document.connect({ source: 'a', target: id });
    document.connect({ source: 'a', target: id, sourcePort: 'out', targetPort: 'in' });
    document.connect({ source: 'a', target: 'missing' });
    document.setPolicy(id, { workers: 2, dedupe: true });
    document.setPolicy(id, { workers: undefined, mode: 'serial' });
    document.moveNodes({ [id]: { x: 5, y: 6 } });
    document.setSettings({ schedule: 'staged' });
    document.setDescription('why');
    const pasted = document.paste(document.toGraph(), { x: 10, y: 0 });
    expect(document.toGraph()).toEqual({
      ...graphOf(['a'], { description: 'why', settings: { schedule: 'staged' } }),
      nodes: [
        { id: 'a', type: 'code.js', params: { code: 'x => x' } },
        {
          id: 'n0',
          type: 'math.expression',
          label: 'E',
          position: { x: 5, y: 6 },
          policy: { dedupe: true, mode: 'serial' },
        },
        { id: 'n1', type: 'code.js', params: { code: 'x => x' } },
        {
          id: 'n2',
          type: 'math.expression',
          label: 'E',
          position: { x: 15, y: 6 },
          policy: { dedupe: true, mode: 'serial' },
        },
      ],
      edges: [
        { source: 'a', target: 'n0' },
        { source: 'n1', target: 'n2' },
      ],
      inputs: { a: [1], n1: [1] },
    });
    expect(pasted).toEqual(['n1', 'n2']);
    document.removeNodes(['a', 'n1']);
    expect(document.toGraph()).toMatchObject({ nodes: [{ id: 'n0' }, { id: 'n2' }], edges: [] });
    expect(document.toGraph().inputs ?? {}).toEqual({});
  });

  it('keeps both changes when two tabs set different params, policies or fields', () => {
    const { documents, merge } = tabs(graphOf(['a']));
    const [left, right] = documents as [GraphDocument, GraphDocument];
    left.setParam('a', 'left', 1);
    right.setParam('a', 'right', 2);
    left.setPolicy('a', { workers: 3 });
    right.setPolicy('a', { dedupe: true });
    left.setLabel('a', 'Label');
    right.moveNodes({ a: { x: 1, y: 1 } });
    left.setName('left name');
    right.setSettings({ schedule: 'staged' });
    merge();
    for (const document of documents) {
      expect(document.toGraph()).toMatchObject({
        name: 'left name',
        settings: { schedule: 'staged' },
        nodes: [
          {
            label: 'Label',
            position: { x: 1, y: 1 },
            params: { code: 'x => x', left: 1, right: 2 },
            policy: { workers: 3, dedupe: true },
          },
        ],
      });
    }
  });

  it('shows large inputs as they are now, whoever changed them', () => {
    const many = (value: unknown) => Array.from({ length: 20_000 }, (_, i) => [i, value]);
    const { documents, merge } = tabs(graphOf(['a'], { inputs: { a: many(1) } }));
    const [one, other] = documents as [GraphDocument, GraphDocument];
    const undo = one.createUndo();
    const shown = () => documents.map((document) => document.toGraph().inputs?.a);
    expect(shown()).toEqual([many(1), many(1)]);
    one.replace(graphOf(['a'], { inputs: { a: many(2) } }));
    merge();
    expect(shown()).toEqual([many(2), many(2)]);
    undo.undo();
    merge();
    expect(shown()).toEqual([many(1), many(1)]);
    other.setInputs('a', many(new Date(3)));
    merge();
    expect(shown()).toEqual([many(new Date(3)), many(new Date(3))]);
    one.replace(graphOf(['a']));
    merge();
    expect(shown()).toEqual([undefined, undefined]);
  });

  it('shows no edge and no inputs of a node that another tab removed meanwhile', () => {
    const { documents, merge } = tabs(graphOf(['a', 'b']));
    const [left, right] = documents as [GraphDocument, GraphDocument];
    left.removeNodes(['b']);
    right.connect({ source: 'a', target: 'b' });
    right.setInputs('b', [1]);
    right.setParam('b', 'x', 1);
    merge();
    for (const document of documents) {
      expect(document.toGraph().nodes.map((node) => node.id)).toEqual(['a']);
      expect(document.toGraph().edges).toEqual([]);
      expect(document.toGraph().inputs ?? {}).toEqual({});
    }
  });

  it('makes one edge of the same edge drawn in two tabs', () => {
    const { documents, merge } = tabs(graphOf(['a', 'b']));
    for (const document of documents) document.connect({ source: 'a', target: 'b' });
    merge();
    expect(documents[0]?.toGraph().edges).toEqual([{ source: 'a', target: 'b' }]);
  });

  it('converges whatever edits, partitions, repeats and reorderings there were', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('edit' as const), tab: fc.nat(3), edit: anyEdit }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('undo' as const), tab: fc.nat(3), redo: fc.boolean() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('replace' as const), tab: fc.nat(3), graph: anyGraph }),
      },
      // Delivers one of the updates on their way to a tab: any of them, and it may stay on its way too.
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('deliver' as const),
          tab: fc.nat(3),
          which: fc.nat(),
          again: fc.boolean(),
        }),
      },
    );
    fc.assert(
      fc.property(anyGraph, fc.array(step, { maxLength: 60 }), (graph, steps) => {
        const { documents } = tabs(graph, 4);
        const underWay: Uint8Array[][] = documents.map(() => []);
        const undos = documents.map((document) => document.createUndo({ captureTimeoutMs: 0 }));
        documents.forEach((document, i) => {
          document.doc.on('update', (update: Uint8Array, origin: unknown) => {
            if (origin === 'remote') return;
            for (const [other, list] of underWay.entries()) if (other !== i) list.push(update);
          });
        });
        for (const one of steps) {
          const document = documents[one.tab] as GraphDocument;
          if (one.do === 'edit') edit(document, one.edit);
          else if (one.do === 'undo') one.redo ? undos[one.tab]?.redo() : undos[one.tab]?.undo();
          else if (one.do === 'replace') document.replace(one.graph);
          else {
            const list = underWay[one.tab] as Uint8Array[];
            const i = list.length ? one.which % list.length : -1;
            if (i >= 0) document.apply(list[i] as Uint8Array);
            if (i >= 0 && !one.again) list.splice(i, 1);
          }
          expect(faults(document.toGraph())).toEqual([]);
        }
        documents.forEach((document, i) => {
          for (const update of (underWay[i] as Uint8Array[]).reverse()) document.apply(update);
        });
        for (const document of documents) {
          expect(document.toGraph()).toEqual(documents[0]?.toGraph());
          expect(JSON.stringify(document.toGraph())).toBe(JSON.stringify(documents[0]?.toGraph()));
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('undoes and redoes any sequence of edits exactly', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: anyEdit.map((one) => ({ do: 'edit' as const, edit: one })) },
      { weight: 2, arbitrary: fc.constant({ do: 'undo' as const }) },
      { weight: 1, arbitrary: fc.constant({ do: 'redo' as const }) },
    );
    fc.assert(
      fc.property(anyGraph, fc.array(step, { maxLength: 50 }), (graph, steps) => {
        const document = GraphDocument.fromGraph(graph, { newId: counter('new') });
        const undo = document.createUndo({ captureTimeoutMs: 0 });
        // The oracle: whole graphs, one for each step that changed something.
        const past: Graph[] = [];
        const future: Graph[] = [];
        for (const one of steps) {
          const before = document.toGraph();
          if (one.do === 'edit') {
            const changes = vi.fn();
            const stop = document.observe(changes);
            edit(document, one.edit);
            stop();
            if (changes.mock.calls.length) {
              past.push(before);
              future.length = 0;
            }
          } else if (one.do === 'undo') {
            const expected = past.pop();
            expect(undo.undo()).toBe(expected !== undefined);
            if (expected) future.push(before);
            expect(document.toGraph()).toEqual(expected ?? before);
          } else {
            const expected = future.pop();
            expect(undo.redo()).toBe(expected !== undefined);
            if (expected) past.push(before);
            expect(document.toGraph()).toEqual(expected ?? before);
          }
          expect(undo.canUndo).toBe(past.length > 0);
          expect(undo.canRedo).toBe(future.length > 0);
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('groups typing in one field into one step, and nothing else', () => {
    vi.useFakeTimers();
    const document = GraphDocument.fromGraph(graphOf(['a']));
    const undo = document.createUndo({ captureTimeoutMs: 500 });
    for (const text of ['h', 'he', 'hel']) {
      document.setParam('a', 'code', text);
      vi.advanceTimersByTime(200);
    }
    document.setParam('a', 'other', 1);
    vi.advanceTimersByTime(200);
    document.addNode({ type: 'code.js' });
    document.addNode({ type: 'code.js' });
    const sizes = () => [document.toGraph().nodes.length, document.toGraph().nodes[0]?.params];
    undo.undo();
    expect(sizes()).toEqual([2, { code: 'hel', other: 1 }]);
    undo.undo();
    undo.undo();
    expect(sizes()).toEqual([1, { code: 'hel' }]);
    undo.undo();
    expect(sizes()).toEqual([1, { code: 'x => x' }]);
    expect(undo.canUndo).toBe(false);
    undo.redo();
    expect(sizes()).toEqual([1, { code: 'hel' }]);
  });

  it('undoes only what was done here', () => {
    const { documents, merge } = tabs(graphOf(['a']));
    const [left, right] = documents as [GraphDocument, GraphDocument];
    const undo = left.createUndo();
    left.setParam('a', 'left', 1);
    right.setParam('a', 'right', 2);
    merge();
    undo.undo();
    merge();
    for (const document of documents)
      expect(document.toGraph().nodes[0]?.params).toEqual({ code: 'x => x', right: 2 });
  });

  it('refuses a broken update and stays as it was', () => {
    const document = GraphDocument.fromGraph(graphOf(['a', 'b']));
    const before = document.toGraph();
    const update = GraphDocument.fromGraph(graphOf(['c', 'd'])).encode();
    for (const broken of [update.slice(0, -3), update.slice(0, update.length >> 1), Uint8Array.of(1, 2, 3)]) {
      expect(() => document.apply(broken)).toThrow(expect.objectContaining({ code: 'invalid_update' }));
    }
    expect(document.toGraph()).toBe(before);
  });

  it('reads through whatever else another replica put into the document', () => {
    const document = GraphDocument.fromGraph(graphOf(['a']));
    const stranger = new Y.Doc();
    Y.applyUpdate(stranger, document.encode());
    stranger.getMap('nodes').set(
      '"x"',
      new Y.Map([
        ['["field","id"]', '"y"'],
        ['["field","type"]', '"t"'],
      ]),
    );
    stranger.getMap('nodes').set(
      '"z"',
      new Y.Map([
        ['["field","id"]', '{broken'],
        ['no key', 5],
      ]),
    );
    stranger.getMap('nodes').set('text', 'no map');
    stranger.getMap('edges').set('list', new Y.Array());
    stranger.getMap('edges').set('e', new Y.Map([['["field","source"]', '"a"']]));
    stranger.getMap('graph').set('["field","nodes"]', '"none"');
    stranger.getMap('graph').set('["input","a"]', '{"not":"a list"}');
    document.apply(Y.encodeStateAsUpdate(stranger));
    expect(document.toGraph()).toEqual(graphOf(['a'], { inputs: {} }));
    document.removeNodes(['a', 'text']);
    document.addNode({ id: 'text', type: 'code.js' });
    expect(document.toGraph().nodes).toEqual([{ id: 'text', type: 'code.js' }]);
  });
});
