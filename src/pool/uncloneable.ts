/**
 * Results that cannot travel on fail their task, with the path to the culprit. What no payload may hold is seen as a
 * result is taken in ({@link NotCloneableError}); the rest (a proxy, a getter that throws) when a reply cannot be
 * posted: then the results to blame are found, and each such task's success is turned into a failure.
 */
import { outcome } from '../engine/executor.ts';
import { HandloomError, toBareWireError, type WireError } from '../errors.ts';
import { deepestLevel, isPayload, isTooDeep, longestList } from '../schema/payload.ts';
import type { Answer } from './program.ts';

/** A result, or a fold's state, holds something that no payload may hold. */
export class NotCloneableError extends HandloomError {
  override name = 'DataCloneError';
  constructor(value: unknown, what: 'result' | 'state', canPost: CanPost = isPayload) {
    // Before the path is looked for, which would be as long.
    const [code, why] = isTooDeep(value)
      ? ['too_deep', `is nested more than ${deepestLevel} levels deep`]
      : ['not_cloneable', `holds something that cannot be copied: ${culprit(value, what, canPost)}`];
    super(code, `The result cannot leave its worker, since it ${why}.`);
  }
}

/** Whether a value survives the channel it is to be sent through. */
export type CanPost = (value: unknown) => boolean;

/** Structured cloning, as every message channel of the web does it. */
export const canClone: CanPost = (value) => {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
};

/** Changes an answer so that it can be posted. */
export function repairAnswer(answer: Answer, canPost: CanPost): void {
  const { result } = answer;
  const bad = new Map<number, WireError>();
  findBad(result.values, 0, result.values.length, canPost, bad);
  if (bad.size) failTasks(result, bad, canPost);
  result.errors = result.errors.map((error) => (canPost(error) ? error : bareError(error)));
  if (result.logs && !canPost(result.logs)) {
    result.logs = result.logs.map((log) =>
      canPost(log.data) ? log : { index: log.index, message: log.message },
    );
  }
  if (result.state && !canPost(result.state)) {
    const error = notCloneable(result.state.value, 'state', canPost);
    delete result.state;
    result.values = [];
    result.outcomes = result.outcomes.map((each) => (each === outcome.notRun ? each : outcome.failed));
    result.errors = result.outcomes.filter((each) => each === outcome.failed).map(() => error);
    delete result.counts;
    delete result.ports;
  }
}

/** Positions of values that cannot be posted, by halving. */
function findBad(
  values: unknown[],
  from: number,
  to: number,
  canPost: CanPost,
  bad: Map<number, WireError>,
): void {
  if (from >= to || canPost(values.slice(from, to))) return;
  if (to - from === 1) {
    bad.set(from, notCloneable(values[from], 'result', canPost));
    return;
  }
  const middle = (from + to) >>> 1;
  findBad(values, from, middle, canPost, bad);
  findBad(values, middle, to, canPost, bad);
}

function failTasks(result: Answer['result'], bad: Map<number, WireError>, canPost: CanPost): void {
  const { outcomes, counts, ports, values, errors } = result;
  const keptValues: unknown[] = [];
  const keptPorts: string[] = [];
  const allErrors: WireError[] = [];
  let value = 0;
  let error = 0;
  for (let task = 0; task < outcomes.length; task++) {
    if (outcomes[task] === outcome.failed) allErrors.push(errors[error++]!);
    const count = counts ? counts[task]! : outcomes[task] === outcome.succeeded ? 1 : 0;
    const range = Array.from({ length: count }, (_, i) => value + i);
    value += count;
    const wrong = range.find((position) => bad.has(position));
    if (wrong === undefined) {
      for (const position of range) {
        keptValues.push(values[position]);
        if (ports) keptPorts.push(ports[position]!);
      }
      continue;
    }
    outcomes[task] = outcome.failed;
    if (counts) counts[task] = 0;
    allErrors.push(bad.get(wrong)!);
  }
  result.values = keptValues;
  if (ports) result.ports = keptPorts;
  result.errors = allErrors.map((each) => (canPost(each) ? each : bareError(each)));
}

/** The path to the innermost value that cannot be posted, with what it is: `result.rows[3].format (a function)`. */
function culprit(value: unknown, path: string, canPost: CanPost, seen = new Set<unknown>()): string {
  if (typeof value !== 'object' || value === null || seen.has(value)) return `${path} (${kindOf(value)})`;
  if (Array.isArray(value) && value.length > longestList) return `${path} (a list of ${value.length} items)`;
  seen.add(value);
  for (const [step, child] of childrenOf(value)) {
    if (!seen.has(child) && !canPost(child)) return culprit(child, path + step, canPost, seen);
  }
  return `${path} (${kindOf(value)})`;
}

function* childrenOf(value: object): Generator<[step: string, child: unknown]> {
  if (value instanceof Map) {
    for (const [key, child] of value) {
      yield [`.keys(${String(key)})`, key];
      yield [`.get(${JSON.stringify(key) ?? String(key)})`, child];
    }
  } else if (value instanceof Set) {
    let position = 0;
    for (const child of value) yield [`.values[${position++}]`, child];
  } else if (ArrayBuffer.isView(value)) {
    yield ['.buffer', value.buffer];
  } else {
    if (value instanceof Error && value.cause !== undefined) yield ['.cause', value.cause];
    for (const key of Object.keys(value)) {
      const step =
        Array.isArray(value) && /^\d+$/.test(key)
          ? `[${key}]`
          : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
            ? `.${key}`
            : `[${JSON.stringify(key)}]`;
      yield [step, (value as Record<string, unknown>)[key]];
    }
  }
}

/** What to give instead of what is refused most. */
const instead: Record<string, string> = {
  Blob: '; give its bytes instead',
  File: '; give its bytes instead',
  SharedArrayBuffer: '; give a copy instead',
  Promise: '; await it',
};

function kindOf(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const name = (typeof value === 'object' && value !== null ? value.constructor?.name : typeof value) || tag;
  return `a ${name}${instead[name] ?? ''}`;
}

function notCloneable(value: unknown, what: 'result' | 'state', canPost: CanPost): WireError {
  return toBareWireError(new NotCloneableError(value, what, canPost));
}

function bareError({ name, message, stack, code }: WireError): WireError {
  return { name, message, ...(stack && { stack }), ...(code && { code }) };
}
