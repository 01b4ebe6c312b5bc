/**
 * Runs one batch of a `map`, a `fold` or a `join`: in a worker, and beside the engine for nodes with `place: 'host'`.
 *
 * The hot path is a handler that returns a plain value at once: no promise, no timer, no message, and of objects
 * only its `ctx`. Everything else (promises, emissions, watched time limits) is taken aside from there.
 */
import type { Batch, BatchResult } from '../engine/executor.ts';
import { HandloomError } from '../errors.ts';
import {
  Emission,
  type Folder,
  type Handler,
  type KeyHandlers,
  type NodeDefinition,
} from '../nodes/define-node.ts';
import { defaultOutput } from '../schema/names.ts';
import { isPayload } from '../schema/payload.ts';
import type { BatchFrame } from './batch-frame.ts';
import { BatchResults, checkPayload, type Emitted, gather } from './batch-results.ts';
import type { Program } from './program.ts';
import { TaskContext } from './task-context.ts';
import { NotCloneableError } from './uncloneable.ts';

/** A program whose code has been made to run. */
export type LoadedProgram = Program &
  (
    | { kind: 'map'; handler: Handler }
    | { kind: 'fold'; folder: Folder }
    | { kind: 'join'; handlers: KeyHandlers }
  );

/**
 * Makes a program's handler.
 * @throws HandloomError `unknown_node_type`, `not_runnable` (a collect), or whatever the definition's `create` throws.
 */
export async function loadProgram(
  program: Program,
  definition: NodeDefinition | undefined,
): Promise<LoadedProgram> {
  if (!definition) throw new HandloomError('unknown_node_type', `There is no node type ${program.type}.`);
  if (definition.kind === 'map') {
    return { ...program, kind: 'map', handler: await definition.create(program.prepared as never) };
  }
  if (definition.kind === 'fold') {
    return { ...program, kind: 'fold', folder: await definition.create(program.prepared as never) };
  }
  if (definition.kind === 'join') {
    return { ...program, kind: 'join', handlers: await definition.create(program.prepared as never) };
  }
  throw new HandloomError('not_runnable', `A ${program.type} is carried out by the engine itself.`);
}

/** Runs a batch. Never rejects: what goes wrong with a task is in the result. */
export async function runBatch(program: LoadedProgram, frame: BatchFrame): Promise<BatchResult> {
  const begunAt = Date.now();
  const began = performance.now();
  let results = new BatchResults(program.outputs);
  let state: { value: unknown } | undefined;
  if (program.kind === 'fold') {
    state = await runFold(program.folder, frame, results, false);
    if (!state) {
      results = new BatchResults(program.outputs);
      frame.logs = undefined;
      state = await runFold(program.folder, frame, results, true);
    }
  } else {
    const handler = program.kind === 'join' ? keyHandler(program.handlers, frame) : program.handler;
    const interleaved = program.interleaved && !frame.batch.stopOnError;
    await (interleaved ? runInterleaved : runInOrder)(handler, frame, results);
  }
  return results.result({
    begunAt,
    busyMs: performance.now() - began,
    ...(state && { state }),
    ...(frame.logs && { logs: frame.logs }),
  });
}

/** The result of a batch none of whose tasks can be run, since its program could not be made. */
export function failWhole(batch: Batch, thrown: unknown): BatchResult {
  const results = new BatchResults([]);
  for (const _ of batch.tasks) results.failed(thrown);
  return results.result({ busyMs: 0, ...(batch.state && { state: batch.state }) });
}

/** The handler of the port that the task in hand came in at. */
function keyHandler({ left, right }: KeyHandlers, frame: BatchFrame): Handler {
  const { ports } = frame.batch;
  return (payload, ctx) => (ports?.[frame.current] === 'right' ? right : left)(payload, ctx);
}

async function runInOrder(handler: Handler, frame: BatchFrame, results: BatchResults): Promise<void> {
  const { payloads, stopOnError } = frame.batch;
  const watched = frame.timeoutMs !== undefined || frame.hooks.started !== undefined;
  let stopped = false;
  for (let index = 0; index < payloads.length; index++) {
    if (stopped || frame.aborted) {
      results.notRun();
      continue;
    }
    let startedAt = 0;
    frame.current = index;
    try {
      if (watched) {
        frame.hooks.started?.(index);
        startedAt = performance.now();
      }
      const given = handler(payloads[index], new TaskContext(frame, index));
      if (typeof given === 'object' && given !== null && isSpecial(given)) {
        const emitted = await finish(given, index, startedAt || performance.now(), frame, results);
        if (watched) frame.checkLimit(startedAt);
        results.emitted(emitted);
      } else {
        if (watched) frame.checkLimit(startedAt);
        results.checkPlain();
        checkPayload(given);
        results.value(given);
      }
    } catch (thrown) {
      if (frame.aborted) results.notRun();
      else results.failed(thrown);
      stopped = stopOnError;
    }
  }
}

/** All tasks of the batch at once, on one event loop; results in the order of the tasks. */
async function runInterleaved(handler: Handler, frame: BatchFrame, results: BatchResults): Promise<void> {
  const attempts = frame.batch.payloads.map(async (payload, index) => {
    frame.current = index;
    frame.hooks.started?.(index);
    const startedAt = performance.now();
    try {
      const given = handler(payload, new TaskContext(frame, index));
      const emitted = isSpecial(given)
        ? await finish(given, index, startedAt, frame, results)
        : plainly(given, results);
      frame.checkLimit(startedAt);
      return { emitted };
    } catch (thrown) {
      return { thrown };
    }
  });
  // The last may not have given a promise, which would have told that.
  if (attempts.length > 1) frame.hooks.yielded?.(attempts.length - 1);
  for (const attempt of await Promise.all(attempts)) {
    if (attempt.emitted) results.emitted(attempt.emitted);
    else if (frame.aborted) results.notRun();
    else results.failed(attempt.thrown);
  }
}

/**
 * Steps the state with each payload. A step that fails leaves the state as it was, even if it had begun to change it
 * in place: the state goes back to the last checkpoint and the steps since are taken again. Each failure sets a new
 * checkpoint, so all failures together repeat no step more than once. Handlers work on copies throughout.
 *
 * @param careful look at the state after every step, and fail those that leave one which cannot be kept
 * @returns undefined when such a state came up unlooked for: then the batch is to be run again, carefully
 */
async function runFold(
  folder: Folder,
  frame: BatchFrame,
  results: BatchResults,
  careful: boolean,
): Promise<{ value: unknown } | undefined> {
  const { payloads, stopOnError, state: before } = frame.batch;
  let working: unknown[];
  let restore = () => (before ? structuredClone(before.value) : folder.initial());
  let state: unknown;
  try {
    working = structuredClone(payloads);
    state = restore();
    if (!isPayload(state)) throw new NotCloneableError(state, 'state');
  } catch (thrown) {
    for (const _ of payloads) results.failed(thrown);
    return before ?? { value: undefined };
  }
  const step = stepper(folder, frame);
  let since: number[] = [];
  let stopped = false;
  for (let index = 0; index < payloads.length; index++) {
    if (stopped || frame.aborted) {
      results.notRun();
      continue;
    }
    try {
      const next = step(state, working[index], index);
      const stepped = isThenable(next) ? await next : next;
      if (careful && !isPayload(stepped)) throw new NotCloneableError(stepped, 'state');
      state = stepped;
      since.push(index);
      results.nothing();
    } catch (thrown) {
      if (frame.aborted) results.notRun();
      else results.failed(thrown);
      stopped = stopOnError;
      state = restore();
      for (const done of since) state = await step(state, structuredClone(payloads[done]), done);
      const checkpoint = state;
      if (!isPayload(checkpoint)) return undefined;
      restore = () => structuredClone(checkpoint);
      state = restore();
      since = [];
    }
  }
  return isPayload(state) ? { value: state } : undefined;
}

/** One step of a fold, watched where the batch is. */
function stepper(folder: Folder, frame: BatchFrame) {
  const watched = frame.timeoutMs !== undefined || frame.hooks.started !== undefined;
  return (from: unknown, payload: unknown, index: number): unknown => {
    if (from === undefined) return payload;
    let startedAt = 0;
    frame.current = index;
    if (watched) {
      frame.hooks.started?.(index);
      startedAt = performance.now();
    }
    const next = folder.step(from, payload, new TaskContext(frame, index));
    if (isThenable(next)) return frame.settle(next, index, startedAt || performance.now());
    if (watched) frame.checkLimit(startedAt);
    return next;
  };
}

/** Waits for what a handler gave other than a plain value, and gathers it. */
async function finish(
  given: unknown,
  index: number,
  startedAt: number,
  frame: BatchFrame,
  results: BatchResults,
): Promise<Emitted> {
  const value = isThenable(given) ? await frame.settle(given, index, startedAt) : given;
  if (!(value instanceof Emission)) return plainly(value, results);
  const gathered = gather(value, results, frame.partsOf(index, startedAt));
  return isThenable(gathered) ? ((await frame.settle(gathered, index, startedAt)) as Emitted) : gathered;
}

/** One value, to the default port. */
function plainly(value: unknown, results: BatchResults): Emitted {
  results.checkPlain();
  checkPayload(value);
  return { values: [value], port: defaultOutput };
}

function isSpecial(value: unknown): boolean {
  return value instanceof Emission || isThenable(value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
