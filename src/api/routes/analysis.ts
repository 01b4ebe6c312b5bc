/** What the shape of a graph tells. */
import { analyzeGraph } from '../../engine/graph/graph-analysis.ts';
import { readStructure } from '../../engine/graph/graph-structure.ts';
import { analysisQuerySchema } from '../../schema/analysis.ts';
import { type Api, operation } from '../operation.ts';
import { readJsonBody } from '../request-body.ts';
import { json } from '../respond.ts';

export function analysisRoutes(api: Api): void {
  const { graphs, runs } = api.services;

  const analyze = async (document: unknown, run: string | undefined): Promise<Response> => {
    const graph = readStructure(document);
    const { work } = run === undefined ? {} : await runs.summary(run);
    return json(analyzeGraph(graph, work));
  };

  operation(
    api,
    {
      method: 'post',
      path: '/graphs/analyze',
      tag: 'Graphs',
      summary: "What a graph's shape tells",
      description:
        'Cycles, pieces, layers, the kind of graph and its critical path. Types and params of nodes do not matter, so that unfinished graphs can be analysed.',
      query: analysisQuerySchema,
      body: { schema: 'Graph' },
      answer: { status: 200, content: { schema: 'GraphAnalysis' } },
      problems: [404, 413],
    },
    async ({ request, query }) => analyze(await readJsonBody(request, api.maxBodyBytes), query.run),
  );
  operation(
    api,
    {
      method: 'get',
      path: '/graphs/{id}/analysis',
      tag: 'Graphs',
      summary: 'What the shape of a kept graph tells',
      query: analysisQuerySchema,
      answer: { status: 200, content: { schema: 'GraphAnalysis' } },
      problems: [404],
    },
    async ({ param, query }) => analyze(await graphs.get(param('id')), query.run),
  );
}
