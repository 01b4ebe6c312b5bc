/** CSV files through DuckDB, which finds out delimiter, header and types by itself. */
import { fileError } from '../nodes/file-error.ts';
import type { TableRef } from '../schema/table.ts';
import { quoteText } from './sql-types.ts';

/**
 * @param file where DuckDB sees the bytes, @param path what people call the file
 * @throws HandloomError `file_broken` naming the file, and the line where DuckDB tells it.
 */
export async function readCsv(
  file: string,
  path: string,
  bytes: Uint8Array,
  capture: (from: string) => Promise<TableRef>,
): Promise<TableRef> {
  const head = new TextDecoder().decode(bytes.subarray(0, 64_000));
  if (head.trim() === '') throw fileError('file_broken', `${path} is empty.`, path);
  const source = quoteText(file);
  const strict = strictOptions(head);
  try {
    // Without `skip = 0` DuckDB passes over lines at the start that do not fit the rest, without a word.
    const ref = await capture(`read_csv(${source}, skip = 0, sample_size = 100000)`);
    // A line too long or too short makes it take each whole line for one value.
    if (ref.columns.length > 1 || !strict) return ref;
  } catch (error) {
    if (!strict) throw broken(error, file, path);
  }
  try {
    // Told what to expect, DuckDB says at which line it is otherwise.
    return await capture(`read_csv(${source}, ${strict})`);
  } catch (error) {
    throw broken(error, file, path);
  }
}

/** Columns and delimiter by a header that clearly has several; otherwise nothing. */
function strictOptions(head: string): string | undefined {
  const header = head.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0] ?? '';
  const delimiter = [',', ';', '\t', '|'].find((mark) => header.includes(mark));
  if (!delimiter) return undefined;
  const names = header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const distinct = new Set(names.map((name) => name.toLowerCase()));
  if (distinct.size < names.length || names.some((name) => name === '' || name.includes('"')))
    return undefined;
  const columns = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  return `auto_detect = false, header = true, delim = ${quoteText(delimiter)}, quote = '"', escape = '"', columns = {${columns}}`;
}

function broken(error: unknown, file: string, path: string): unknown {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(file, path);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  // What follows lists every option of the reader.
  const told = message.split(/\n(?:Possible (?:fixes|solutions)|\s+file = )/)[0]?.trim() ?? message;
  const place = line ? `${path}, line ${line}` : path;
  return fileError('file_broken', `${place}: ${told}`, path, error);
}
