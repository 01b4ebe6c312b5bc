/** Bodies and answers of the REST API, made of the shapes everything else uses. */
import { z } from 'zod';
import { graphSchema } from './graph.ts';
import { defaultLimit, maxLimit } from './page.ts';
import {
  errorRecordSchema,
  readProblemSchema,
  remainingSchema,
  runStatuses,
  runStatusSchema,
  runSummarySchema,
  taskStatusSchema,
} from './run.ts';

/** Query of every list. */
export const pageQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxLimit)
    .default(defaultLimit)
    .meta({ description: 'How many items at most; a page of large ones may hold fewer.' }),
  cursor: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .meta({ description: 'The `nextCursor` of the page before.' }),
});
export const runQuerySchema = pageQuerySchema.extend({
  status: runStatusSchema.optional(),
  graph: z.string().min(1).optional().meta({ description: 'Id or name of the graph.' }),
});
export const taskQuerySchema = pageQuerySchema.extend({
  node: z.string().min(1).optional(),
  status: taskStatusSchema.optional(),
});
export const lineageQuerySchema = pageQuerySchema.extend({
  direction: z.enum(['ancestors', 'descendants']).default('ancestors'),
});
export const outputQuerySchema = pageQuerySchema.extend({ node: z.string().min(1).optional() });
export const errorQuerySchema = outputQuerySchema.extend({
  q: z.string().optional().meta({ description: 'Text within the name or message.' }),
});
export const fileQuerySchema = pageQuerySchema.extend({ prefix: z.string().optional() });
export const rowsQuerySchema = pageQuerySchema.extend({
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .optional()
    .meta({ description: 'Position of the first row, from 0.' }),
});

/** A list: `nextCursor` goes into the next request's `cursor`; null at the end. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
    problem: readProblemSchema.optional(),
  });

export const graphRecordSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().optional(),
  nodes: z.int(),
  edges: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const storedGraphSchema = graphSchema.extend(
  graphRecordSchema.pick({ id: true, createdAt: true, updatedAt: true }).shape,
);

export const startRunSchema = z
  .strictObject({
    inputs: graphSchema.shape.inputs.meta({
      description: 'Payloads by node, instead of those of the graph.',
    }),
    keepOpen: z.boolean().optional().meta({ description: 'Wait for further tasks when all is done.' }),
    from: z.string().optional().meta({ description: 'Run only this node and what it leads to.' }),
    only: z.string().optional().meta({ description: 'Run only this node.' }),
    rerunOf: z.string().optional().meta({
      description:
        'Give the node of `from` or `only` what was delivered to it in this run, in place of inputs.',
    }),
  })
  .refine(({ from, only }) => from === undefined || only === undefined, {
    error: 'either from or only, not both',
    path: ['only'],
  })
  .refine(({ from, only, rerunOf }) => rerunOf === undefined || (from ?? only) !== undefined, {
    error: 'the node to run again is missing: from or only',
    path: ['rerunOf'],
  })
  .refine(({ rerunOf, inputs, keepOpen }) => rerunOf === undefined || !(inputs || keepOpen), {
    error: 'goes neither with inputs nor with keepOpen',
    path: ['rerunOf'],
  });
export const rerunSchema = z.strictObject({
  node: z.string().meta({ description: 'Gets again what was delivered to it; nothing upstream is run.' }),
  only: z.boolean().optional().meta({ description: 'Nothing downstream is run either.' }),
});
export const injectSchema = z.strictObject({
  inputs: z.record(z.string(), z.array(z.unknown())).meta({ description: 'Payloads by node.' }),
});
export const retrySchema = z.strictObject({
  node: z.string().optional().meta({ description: 'Only tasks of this node, and of those within it.' }),
  error: z.string().optional().meta({ description: 'Only tasks that failed with an error of this name.' }),
  tasks: z.array(z.string()).optional().meta({ description: 'Only these tasks.' }),
});
export const retriedSchema = z.object({ tasks: z.int().meta({ description: 'How many are tried again.' }) });
export const startedRunSchema = runSummarySchema.pick({ id: true });

export const issueSchema = z.object({
  code: z.string(),
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  node: z.string().optional(),
  field: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
});
export const validationSchema = z.object({
  valid: z.boolean(),
  issues: z.array(issueSchema),
  warnings: z
    .array(issueSchema)
    .optional()
    .meta({ description: 'What does not keep a valid graph from running, and is likely a mistake.' }),
});

/** An error, as `application/problem+json` (RFC 9457). */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().meta({ description: 'Stable, for programs.' }),
  issues: z.array(issueSchema),
});
export type Problem = z.infer<typeof problemSchema>;

export const healthSchema = z.object({
  status: z.literal('ok'),
  host: z.enum(['browser', 'node']),
  version: z.string(),
  isolation: z.enum(['sandbox', 'worker', 'threads']),
  parallelism: z.int(),
});
export type Health = z.infer<typeof healthSchema>;

export const statisticsSchema = z.object({
  runs: z.record(z.enum(runStatuses), z.int()),
  live: z.object({ runs: z.int(), tasksRunning: z.int(), tasksPending: z.int() }),
  workers: z.object({ parallelism: z.int(), busy: z.int(), alive: z.int() }),
  /** Results kept for later runs. */
  cache: z.object({ entries: z.int(), bytes: z.int() }),
});

export const retentionLimitsSchema = z.strictObject({
  maxAgeMs: z
    .number()
    .min(0)
    .optional()
    .meta({ description: 'Runs that ended, and results that were kept for later runs, longer ago go.' }),
  maxRuns: z.int().min(0).optional().meta({ description: 'All but the newest so many ended runs go.' }),
  maxBytes: z
    .number()
    .min(0)
    .optional()
    .meta({ description: 'The oldest ended runs beyond so many bytes go; so do the oldest results kept.' }),
});
export const retentionSchema = z.object({
  limits: retentionLimitsSchema,
  fixed: z
    .boolean()
    .optional()
    .meta({ description: 'The host was started with these limits: they cannot be set.' }),
  kept: z.object({ runs: z.int(), bytes: z.int(), cached: z.int(), cachedBytes: z.int() }),
  removed: z
    .object({ at: z.string(), runs: z.int(), bytes: z.int(), cached: z.int() })
    .optional()
    .meta({ description: 'What went by the limits, the last time that something did.' }),
});

const localizedSchema = z.object({ en: z.string(), zh: z.string() });
const portSchema = z.object({ name: z.string(), type: z.string(), title: localizedSchema.optional() });
export const nodeTypeSchema = z.object({
  type: z.string(),
  version: z.number(),
  title: localizedSchema,
  summary: localizedSchema,
  icon: z.string(),
  kind: z.enum(['map', 'fold', 'collect', 'join', 'relay']),
  place: z.enum(['worker', 'host']),
  inputs: z.array(portSchema),
  outputs: z.array(portSchema).meta({ description: 'With default params, where they depend on params.' }),
  dynamicOutputs: z.boolean(),
  params: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of the params.' }),
  defaults: z.record(z.string(), z.unknown()),
  requires: z.array(z.string()),
  effects: z.boolean(),
  trigger: z.boolean(),
  examples: z.array(z.record(z.string(), z.unknown())),
});
export type NodeType = z.infer<typeof nodeTypeSchema>;

export const fileEntrySchema = z.object({ path: z.string(), bytes: z.int() });

export const progressSchema = z.object({
  seq: z.int(),
  run: runSummarySchema,
  edges: z.array(z.number()),
  rates: z.record(z.string(), z.number()),
  fractions: z.record(z.string(), z.number()).optional(),
  remaining: remainingSchema.optional(),
  errors: z.array(errorRecordSchema),
  logs: z.array(
    z.object({
      node: z.string(),
      task: z.string(),
      at: z.string(),
      message: z.string(),
      data: z.unknown().optional(),
    }),
  ),
});
