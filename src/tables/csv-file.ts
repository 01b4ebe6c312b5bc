/** CSV files through DuckDB, which finds out delimiter, header and types by itself. */
import { fileError } from '../nodes/file-error.ts';
import type { TableRef } from '../schema/table.ts';
import type { Session } from './database.ts';
import { quoteText } from './sql-types.ts';

/**
 * @param file where DuckDB sees the bytes, @param path what people call the file
 * @throws HandloomError `file_broken` naming the file, and the line where DuckDB tells it.
 */
export async function readCsv(
  session: Session,
  file: string,
  path: string,
  bytes: Uint8Array,
  capture: (from: string) => Promise<TableRef>,
): Promise<TableRef> {
  const head = new TextDecoder().decode(bytes.subarray(0, 64_000));
  if (head.trim() === '') throw fileError('file_broken', `${path} is empty.`, path);
  try {
    const ref = await capture(`read_csv(${quoteText(file)}, sample_size = 100000)`);
    const delimiter = ref.columns.length === 1 ? delimiterOf(head) : undefined;
    // A line too long or too short makes DuckDB take the whole line for one column: ask again, so that it says where.
    return delimiter ? await capture(`read_csv(${quoteText(file)}, delim = ${quoteText(delimiter)}, header = true)`) : ref;
  } catch (error) {
    throw broken(error, file, path);
  }
}

/** The delimiter of a header that clearly has one. */
function delimiterOf(head: string): string | undefined {
  const header = head.split(/\r?\n/, 1)[0] ?? '';
  if (!/^[\w "]+([,;\t|])[\w ",;\t|]+$/.test(header)) return undefined;
  return [',', ';', '\t', '|'].find((mark) => header.includes(mark));
}

function broken(error: unknown, file: string, path: string): unknown {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(file, path);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  // What follows lists every option of the reader.
  const told = message.split(/\n(?:Possible (?:fixes|solutions)|\s+file = )/)[0]?.trim() ?? message;
  const place = line ? `${path}, line ${line}` : path;
  return fileError('file_broken', `${place}: ${told}`, path, error);
}
