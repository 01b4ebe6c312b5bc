/** Reading request bodies: bounded in size, checked before use, every misfit named. */
import type { z } from 'zod';
import { type Issue, ValidationError } from '../errors.ts';
import { maxJsonBytes, pathText, readJson } from '../schema/read-json.ts';
import { readTypedJson } from '../schema/read-typed-json.ts';
import { refusal } from './problem.ts';
import { isTyped } from './respond.ts';

/**
 * A request's whole body.
 * @throws ValidationError `body_too_large` as soon as it is, without reading on.
 */
export async function readBytes(request: Request, maxBytes = maxJsonBytes): Promise<Uint8Array> {
  const tooLarge = () =>
    new ValidationError('body_too_large', `The body is larger than the limit of ${maxBytes} bytes.`);
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) throw tooLarge();
  if (!request.body) return new Uint8Array();
  // Filled as it comes, rather than put together at the end: a large body is there once, not twice.
  let bytes = new Uint8Array(Number.isInteger(announced) && announced > 0 ? announced : 65_536);
  let size = 0;
  const reader = request.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const end = size + part.value.byteLength;
    if (end > maxBytes) {
      await reader.cancel();
      throw tooLarge();
    }
    if (end > bytes.length) bytes = grown(bytes, Math.max(end, bytes.length * 2));
    bytes.set(part.value, size);
    size = end;
  }
  return size === bytes.length ? bytes : bytes.slice(0, size);
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

/**
 * A request's body as JSON, whatever content type it claims; typed JSON where it claims that. Without a body, `empty`.
 * @throws ValidationError as {@link readJson} and {@link readTypedJson} do
 */
export async function readJsonBody(request: Request, maxBytes?: number, empty?: unknown): Promise<unknown> {
  const bytes = await readBytes(request, maxBytes);
  if (bytes.byteLength === 0 && empty !== undefined) return empty;
  const options = maxBytes === undefined ? {} : { maxBytes };
  return isTyped(request) ? readTypedJson(bytes, options) : readJson(bytes, options);
}

/**
 * What a schema makes of a value.
 * @throws ValidationError with an issue per misfit, each naming its field.
 */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  code: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw refusal(
    result.error.issues.flatMap((issue) => issuesOf(issue, code)),
    code,
  );
}

function issuesOf(issue: z.core.$ZodIssue, code: string): Issue[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const place = pathText([...path, key]);
      return { code, message: `There is no field ${place}.`, path: [...path, key], field: place };
    });
  }
  const field = pathText(path);
  return [
    { code, message: field ? `${field}: ${issue.message}` : issue.message, path, ...(field && { field }) },
  ];
}
