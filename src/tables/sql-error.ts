import { HandloomError } from '../errors.ts';

/**
 * DuckDB's complaint about a query as an error of ours: its message, with lines counted in the SQL as it was
 * written (it ran one line further down, inside a SELECT around it).
 */
export function sqlError(thrown: unknown): unknown {
  if (thrown instanceof HandloomError) return thrown;
  const original = thrown instanceof Error ? thrown.message : String(thrown);
  let line: number | undefined;
  const message = withoutRepetition(original).replace(/LINE (\d+):/g, (_match, number: string) => {
    line = Math.max(1, Number(number) - 1);
    return `LINE ${line}:`;
  });
  const error = new HandloomError('sql_error', message, {
    cause: thrown,
    ...(line !== undefined && { details: { line } }),
  });
  error.name = 'SqlError';
  return error;
}

/** DuckDB in the browser says the place of a syntax error twice. */
function withoutRepetition(message: string): string {
  const parts = message.trim().split(/\n\n(?=LINE )/);
  return parts.filter((part, index) => parts.indexOf(part) === index).join('\n\n');
}
