/** Rows of the tables that payloads refer to. */
import { ValidationError } from '../../errors.ts';
import { rowsQuerySchema } from '../../schema/api.ts';
import { type Api, operation } from '../operation.ts';
import { json } from '../respond.ts';

export function tableRoutes(api: Api): void {
  operation(
    api,
    {
      method: 'get',
      path: '/tables/{id}/rows',
      tag: 'Data',
      summary: 'Rows of a table',
      query: rowsQuerySchema,
      description: '`id` is the `$table` of a reference.',
      answer: { status: 200, content: { schema: 'Row', pageOf: true } },
      problems: [404],
    },
    async ({ param, query }) => {
      const offset = query.cursor === undefined ? (query.offset ?? 0) : offsetOf(query.cursor);
      // One more than asked for tells whether there are further ones.
      const rows = await api.services.tables.rows(
        { $table: param('id'), columns: [], rows: 0 },
        { offset, limit: query.limit + 1 },
      );
      const more = rows.length > query.limit;
      return json({
        items: rows.slice(0, query.limit),
        nextCursor: more ? String(offset + query.limit) : null,
      });
    },
  );
}

function offsetOf(cursor: string): number {
  const offset = Number(cursor);
  if (/^\d+$/.test(cursor) && Number.isSafeInteger(offset)) return offset;
  throw new ValidationError('bad_cursor', 'The cursor is not one that this list gave.');
}
