/** A table as it travels in payloads: a reference to an artifact, never the rows themselves. */
import { z } from 'zod';

export { isTableRef } from './names.ts';

export const tableRefSchema = z.object({
  /** Content hash of the table's data; marks the value as a table. */
  $table: z.string().min(1),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.int().min(0),
});
export type TableRef = z.infer<typeof tableRefSchema>;
