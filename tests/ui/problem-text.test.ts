import { describe, expect, it } from 'vitest';
import { restrictGraph } from '../../src/engine/graph/scope.ts';
import { validateGraph } from '../../src/engine/graph/validate.ts';
import { warningsOf } from '../../src/engine/graph/warnings.ts';
import { refuseNewer } from '../../src/engine/journal/journal-versions.ts';
import { payloadsDropped } from '../../src/engine/journal/redelivery.ts';
import {
  HostDiedError,
  NotFoundError,
  TimeoutError,
  ValidationError,
  WorkerDiedError,
} from '../../src/errors.ts';
import { pathParts } from '../../src/files/file-path.ts';
import { prepareTools } from '../../src/nodes/compile.ts';
import { registry } from '../../src/nodes/registry.ts';
import { NotCloneableError } from '../../src/pool/uncloneable.ts';
import type { Graph } from '../../src/schema/graph.ts';
import { readJson } from '../../src/schema/read-json.ts';
import { readSelect } from '../../src/schema/sql-text.ts';
import { sayProblem } from '../../src/ui/i18n/problems-zh.ts';

const graph = (more: object) => ({
  format: 'handloom.graph',
  version: 1,
  name: 'g',
  nodes: [],
  edges: [],
  ...more,
});
const code = (id: string, text: string) => ({ id, type: 'code.js', params: { code: text } });

const sub = (id: string, within: object) => ({ id, type: 'flow.subgraph', params: { graph: within } });

const wrong: Record<string, unknown> = {
  'no graph': [],
  'another format': { format: 'x' },
  'a newer version': graph({ version: 2 }),
  'a missing field': graph({ nodes: [{ id: 'a' }] }),
  'an unknown mode': graph({ nodes: [{ ...code('a', 'x => x'), policy: { mode: 'turbo' } }] }),
  'a number too small': graph({ nodes: [{ ...code('a', 'x => x'), policy: { workers: 0 } }] }),
  'an id twice': graph({ nodes: [code('a', 'x => x'), code('a', 'x => x')] }),
  'an unknown type': graph({ nodes: [{ id: 'a', type: 'no.such' }] }),
  'params of a wrong kind': graph({ nodes: [{ id: 'a', type: 'code.js', params: { code: 5 } }] }),
  'no code': graph({ nodes: [code('a', '')] }),
  'a syntax error': graph({ nodes: [code('a', '(x) => {\n  return x +;\n}')] }),
  'no function': graph({ nodes: [code('a', '42')] }),
  'an import': graph({ nodes: [code('a', "import fs from 'fs'; export default (x) => x")] }),
  'an edge to nowhere': graph({ nodes: [code('a', 'x => x')], edges: [{ source: 'a', target: 'b' }] }),
  'an unknown port': graph({
    nodes: [code('a', 'x => x'), code('b', 'x => x')],
    edges: [{ source: 'a', sourcePort: 'side', target: 'b', targetPort: 'top' }],
  }),
  'a staged cycle': graph({
    nodes: [code('a', 'x => x')],
    edges: [{ source: 'a', target: 'a' }],
    settings: { schedule: 'staged' },
  }),
  'a syntax error within subgraphs': graph({
    nodes: [sub('S', graph({ nodes: [sub('T', graph({ nodes: [code('a', '(x) => x +')] }))] }))],
  }),
  'an edge to nowhere within subgraphs': graph({
    nodes: [
      sub('S', graph({ nodes: [sub('T', graph({ nodes: [], edges: [{ source: 'a', target: 'b' }] }))] })),
    ],
  }),
  'a subgraph without an entry': graph({
    nodes: [sub('S', graph({ nodes: [code('a', 'x => x')], edges: [{ source: 'a', target: 'a' }] }))],
    inputs: { S: [1] },
  }),
  'an id like one within a subgraph': graph({
    nodes: [sub('S', graph({ nodes: [code('a', 'x => x')] })), code('S/a', 'x => x')],
  }),
  'subgraphs too deep': Array.from({ length: 17 }).reduce<object>(
    (within) => graph({ nodes: [sub('S', within)] }),
    graph({}),
  ),
  'a cache where results depend on files': graph({
    nodes: [{ id: 'a', type: 'io.list', policy: { cache: true } }],
  }),
  'an expression that is none': graph({
    nodes: [{ id: 'a', type: 'math.expression', params: { expression: '2 *' } }],
  }),
};

async function caught(run: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await run();
  } catch (error) {
    return error as ValidationError;
  }
  throw new Error('nothing was thrown');
}

describe('problems in Chinese', () => {
  for (const [name, document] of Object.entries(wrong)) {
    it(`tells of ${name}`, async () => {
      const error = await validateGraph(document, registry, prepareTools).catch((thrown: unknown) => thrown);
      if (!(error instanceof ValidationError)) throw new Error('the graph was accepted');
      for (const issue of error.issues) {
        const said = sayProblem(issue.code, issue.message);
        expect(said, issue.message).toMatch(/\p{Script=Han}/u);
        if (issue.node) expect(said).toContain(issue.node);
      }
      expect(sayProblem(error.code, error.message), error.message).toMatch(/\p{Script=Han}/u);
    });
  }

  const others: Record<string, () => unknown> = {
    'JSON that is none': () => readJson('{"a": }'),
    'a forbidden key': () => readJson('{"__proto__": {}}'),
    'a path that leads out': () => pathParts('../x'),
    'SQL that is none': () => readSelect('DROP TABLE x'),
    'SQL that does not close': () => readSelect("SELECT 'x"),
    'a time limit': () => {
      throw new TimeoutError(50);
    },
    'a dead worker': () => {
      throw new WorkerDiedError('out of memory');
    },
    'a task that ended its host': () => {
      throw new HostDiedError(2);
    },
    'a journal of a newer version': () => refuseNewer('r1', 99),
    'payloads that are gone': () => {
      throw payloadsDropped('r1', 'a');
    },
    'a beginning within a cycle': () => {
      const within = graph({ nodes: [code('a', 'x => x')] });
      const around = graph({ nodes: [sub('S', within)], edges: [{ source: 'S', target: 'S' }] });
      restrictGraph(around as Graph, { from: 'S/a' });
    },
    'a policy that says nothing': () => {
      const [warning] = warningsOf(
        graph({ nodes: [{ ...sub('S', graph({})), policy: { cache: true } }] }) as Graph,
        registry,
      );
      throw warning;
    },
    'a param that nobody reads': () => {
      const node = { ...code('a', 'x => x'), params: { code: 'x => x', codee: 1 } };
      throw warningsOf(graph({ nodes: [node] }) as Graph, registry)[0];
    },
    'a setting that nobody reads': () => {
      throw warningsOf(graph({ settings: { schedul: 1 } }) as Graph, registry)[0];
    },
    'a policy that nobody reads': () => {
      const [warning] = warningsOf(
        graph({ nodes: [{ ...code('a', 'x => x'), policy: { retries: 1 } }] }) as Graph,
        registry,
      );
      throw warning;
    },
    'a result that is nested too deeply': () => {
      throw new NotCloneableError(
        Array.from({ length: 1001 }).reduce((inner) => [inner], []),
        'result',
      );
    },
    'a run that is gone': () => {
      throw new NotFoundError('run', 'r1');
    },
  };
  for (const [name, run] of Object.entries(others)) {
    it(`tells of ${name}`, async () => {
      const { code: errorCode, message } = await caught(run);
      expect(sayProblem(errorCode, message), message).toMatch(/\p{Script=Han}/u);
    });
  }

  it.each([
    'The run waits for its store: There is no room left on the disk.',
    'The run waits for its store: The store is closed.',
    'The run is kept by another process now.',
    'The engine failed: out of luck',
    'The run could not be resumed: The journal of run r1 is damaged in the chunk from entry 7 on.',
  ])('tells why a run stands as it does: %s', (reason) => {
    expect(sayProblem('run_reason', reason)).toMatch(/\p{Script=Han}/u);
  });

  it('leaves the words of the user’s own errors alone', () => {
    expect(sayProblem(undefined, 'No thirteen, please')).toBeUndefined();
    expect(sayProblem('E_MINE', 'No thirteen, please')).toBeUndefined();
  });
});
