/** How a node runs: one place for the shape, the defaults and the words shown beside each field. */
import { z } from 'zod';
import { modes } from './names.ts';

export { modes } from './names.ts';

export const retrySchema = z.looseObject({
  max: z.int().min(0).max(1000).default(0),
  on: z.array(z.string().min(1)).default(['*']),
  delayMs: z.number().min(0).default(0),
  factor: z.number().min(1).default(2),
  maxDelayMs: z.number().min(0).optional(),
  jitter: z.union([z.boolean(), z.number().min(0).max(1)]).optional(),
});

export const rateLimitSchema = z.looseObject({ count: z.int().min(1), perMs: z.number().positive() });

export const policySchema = z.looseObject({
  mode: z.enum(modes).default('thread'),
  workers: z.int().min(1).max(1024).optional(),
  start: z.enum(['eager', 'staged']).optional(),
  placement: z.enum(['local', 'server', 'auto']).optional(),
  retry: retrySchema.prefault({}),
  timeoutMs: z.number().positive().max(2_147_483_647).optional(),
  queueTimeoutMs: z.number().positive().max(2_147_483_647).optional(),
  dedupe: z.boolean().default(false),
  cache: z.union([z.boolean(), z.looseObject({})]).optional(),
  keepPayloads: z.enum(['all', 'failed']).optional().meta({
    description:
      'Whether payloads stay once the run has ended: all (the default), or none of tasks that succeeded or were duplicates.',
  }),
  onError: z.enum(['continue', 'stop']).default('continue'),
  queueLimit: z.int().min(1).optional(),
  rateLimit: rateLimitSchema.optional(),
  priority: z.number().optional(),
  maxTasksPerWorker: z.int().min(1).optional(),
});

export type Mode = (typeof modes)[number];
/** A policy with every default filled in. */
export type Policy = z.output<typeof policySchema>;
/** A policy as it is written in a graph file. */
export type PolicyInput = z.input<typeof policySchema>;
