/** The named schemas of the OpenAPI document, written as JSON Schema by zod itself. */
import { z } from 'zod';
import { graphAnalysisSchema } from '../schema/analysis.ts';
import {
  fileEntrySchema,
  graphRecordSchema,
  healthSchema,
  injectSchema,
  issueSchema,
  nodeTypeSchema,
  problemSchema,
  progressSchema,
  rerunSchema,
  retentionLimitsSchema,
  retentionSchema,
  retriedSchema,
  retrySchema,
  startedRunSchema,
  startRunSchema,
  statisticsSchema,
  storedGraphSchema,
  validationSchema,
} from '../schema/api.ts';
import { graphSchema } from '../schema/graph.ts';
import { errorRecordSchema, runReportSchema, runSummarySchema, taskSchema } from '../schema/run.ts';

const components = {
  Graph: graphSchema,
  StoredGraph: storedGraphSchema,
  GraphRecord: graphRecordSchema,
  Validation: validationSchema,
  GraphAnalysis: graphAnalysisSchema,
  StartRun: startRunSchema,
  StartedRun: startedRunSchema,
  Inject: injectSchema,
  Retry: retrySchema,
  Rerun: rerunSchema,
  Retried: retriedSchema,
  RunSummary: runSummarySchema,
  RunReport: runReportSchema,
  RunProgress: progressSchema,
  Task: taskSchema,
  ErrorRecord: errorRecordSchema,
  Value: z.unknown().meta({ description: 'Any JSON value.' }),
  Row: z.record(z.string(), z.unknown()),
  FileEntry: fileEntrySchema,
  NodeType: nodeTypeSchema,
  Health: healthSchema,
  Statistics: statisticsSchema,
  RetentionLimits: retentionLimitsSchema,
  Retention: retentionSchema,
  Issue: issueSchema,
  Problem: problemSchema,
} satisfies Record<string, z.ZodType>;

export type ComponentName = keyof typeof components;

/** JSON Schemas by name; what a client may send is described as input, defaults being optional. */
export function componentSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(components).map(([name, schema]) => {
      const { $schema: _, ...plain } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      return [name, plain];
    }),
  );
}
