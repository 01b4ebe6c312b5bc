import { readJson } from '../schema/read-json.ts';

/**
 * Records out of JSON: an array of objects, or one object on each line. Anything else in an array becomes a column
 * called `value`.
 * @throws Error saying the line, or the position, at which it breaks.
 */
export function readJsonRecords(bytes: Uint8Array): Record<string, unknown>[] {
  const text = decode(bytes);
  if (text.trim() === '') throw new Error('The file is empty.');
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  const linewise =
    /^\s*\{.*\}\s*$/.test(lines[first] ?? '') && lines.slice(first + 1).some((line) => line.trim() !== '');
  if (linewise)
    return lines.flatMap((line, index) => (line.trim() === '' ? [] : [recordOf(parseLine(line, index + 1))]));
  const whole = readJson(text, { maxBytes: Number.POSITIVE_INFINITY });
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

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { value };
