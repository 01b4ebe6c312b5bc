/**
 * The graph format, version 1: the document that people draw, store and exchange.
 *
 * Words: a graph has **nodes** and **edges**; an edge goes from an output **port** to an input port; `inputs` are
 * the payloads a run starts with, by node. Fields this version does not know are kept as they are.
 */
import { z } from 'zod';
import { graphFormat, graphVersion } from './names.ts';
import { policySchema } from './policy.ts';

export {
  defaultInput,
  defaultOutput,
  emptyGraph,
  errorPort,
  graphFormat,
  graphVersion,
  subgraphType,
} from './names.ts';

/** Ids become keys of reports and inputs, where this one would change what an object inherits. */
const forbiddenId = '__proto__';
const id = z
  .string()
  .min(1)
  .max(200)
  .refine((value) => value !== forbiddenId, { error: `"${forbiddenId}" cannot be an id` });

export const nodeSchema = z.looseObject({
  id,
  type: z.string().min(1),
  label: z.string().optional(),
  position: z.looseObject({ x: z.number(), y: z.number() }).optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  policy: policySchema.optional(),
});

export const edgeSchema = z.looseObject({
  source: id,
  target: id,
  sourcePort: z.string().min(1).optional(),
  targetPort: z.string().min(1).optional(),
});

/** What a graph's nodes may touch beyond their payload; nothing unless said. */
export const capabilitiesSchema = z.looseObject({
  /** Host names `ctx.fetch` may reach; `"*"` is any. */
  fetch: z.array(z.string()).optional(),
});

export const settingsSchema = z.looseObject({
  schedule: z.enum(['eager', 'staged']).optional(),
  capabilities: capabilitiesSchema.optional(),
});

export const graphSchema = z.looseObject({
  format: z.literal(graphFormat),
  version: z.literal(graphVersion),
  name: z.string().max(500).default('Untitled'),
  description: z.string().optional(),
  nodes: z.array(nodeSchema),
  edges: z.array(edgeSchema).default([]),
  inputs: z.record(z.string(), z.array(z.unknown())).optional(),
  settings: settingsSchema.optional(),
});

/** A graph as a file holds it: defaults not filled in, unknown fields kept. */
export type Graph = z.input<typeof graphSchema> & { edges: GraphEdge[]; name: string };
export type GraphNode = z.input<typeof nodeSchema>;
export type GraphEdge = z.input<typeof edgeSchema>;
export type GraphSettings = z.input<typeof settingsSchema>;
