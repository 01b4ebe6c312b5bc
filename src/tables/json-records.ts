/**
 * Records out of JSON: an array of objects, or one object on each line. Anything else in an array becomes a column
 * called `value`.
 * @throws Error saying the line, or the position, at which it breaks.
 */
export function readJsonRecords(bytes: Uint8Array): Record<string, unknown>[] {
  const text = decode(bytes);
  if (text.trim() === '') throw new Error('The file is empty.');
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    const lines = text.split('\n');
    if (/^\s*\[/.test(text) || !isJson(lines.find((line) => line.trim() !== '') ?? '')) throw placed(error, text);
    return lines.flatMap((line, index) => (line.trim() === '' ? [] : [recordOf(parseLine(line, index + 1))]));
  }
  if (Array.isArray(whole)) return whole.map(recordOf);
  if (typeof whole === 'object' && whole !== null) return [whole as Record<string, unknown>];
  throw new Error('It holds neither a list nor an object.');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('It is not UTF-8 text.');
  }
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`Line ${number}: ${(error as Error).message}`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Engines tell a position; people look for lines. */
function placed(error: unknown, text: string): Error {
  const { message } = error as Error;
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || message.includes('line')) return new Error(message);
  return new Error(`${message} (line ${text.slice(0, Number(position)).split('\n').length})`);
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : { value };
