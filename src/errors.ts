/**
 * The one family of errors Handloom throws on purpose. Every error has a stable snake_case `code`, by which
 * programs, tests and the interface recognise it; the message is for people and may change.
 */

/** One thing wrong at one place, as the editor shows it at a node and the API lists it. */
export interface Issue {
  /** Stable snake_case code, such as `unknown_node_type`. */
  code: string;
  message: string;
  /** Where in the document: `['nodes', 3, 'params', 'code']`. */
  path?: (string | number)[];
  /** Id of the node concerned. */
  node?: string;
  /** Name of the parameter concerned. */
  field?: string;
  /** 1-based line within a code parameter. */
  line?: number;
  column?: number;
}

export interface HandloomErrorOptions {
  cause?: unknown;
  details?: Record<string, unknown>;
  issues?: Issue[];
}

/** Base of the family; thrown itself where no subclass says more. */
export class HandloomError extends Error {
  override name = 'HandloomError';
  readonly code: string;
  readonly details: Record<string, unknown>;
  readonly issues: Issue[];

  constructor(code: string, message: string, options: HandloomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.issues = options.issues ?? [];
  }
}

/** A graph, a body or a parameter does not fit its schema; `issues` names each place. */
export class ValidationError extends HandloomError {
  override name = 'ValidationError';
}

/** What was asked for does not exist. */
export class NotFoundError extends HandloomError {
  override name = 'NotFoundError';
  constructor(what: string, id: string) {
    super(`${what}_not_found`, `There is no ${what} ${JSON.stringify(id)}.`, { details: { id } });
  }
}

/** The request is sound but not possible in the present state (a run that has already ended, say). */
export class ConflictError extends HandloomError {
  override name = 'ConflictError';
}

/** A task exceeded its policy's `timeoutMs`. */
export class TimeoutError extends HandloomError {
  override name = 'TimeoutError';
  constructor(timeoutMs: number) {
    super('task_timeout', `The task took longer than its limit of ${timeoutMs} ms.`, {
      details: { timeoutMs },
    });
  }
}

/** A task waited for its turn longer than its policy's `queueTimeoutMs`. */
export class QueueTimeoutError extends HandloomError {
  override name = 'QueueTimeoutError';
  constructor(queueTimeoutMs: number) {
    super('queue_timeout', `The task waited for its turn longer than its limit of ${queueTimeoutMs} ms.`, {
      details: { queueTimeoutMs },
    });
  }
}

/** The worker a task ran in ended before the task did (out of memory, killed, crashed). */
export class WorkerDiedError extends HandloomError {
  override name = 'WorkerDiedError';
  constructor(reason: string) {
    super('worker_died', `The worker ended while the task ran: ${reason}`, { details: { reason } });
  }
}

/** The host a task ran in (tab, process, machine) ended, more than once, while nothing but this task ran. */
export class HostDiedError extends HandloomError {
  override name = 'HostDiedError';
  constructor(deaths: number) {
    super('host_died', `The host ended ${deaths} times while only this task ran.`, { details: { deaths } });
  }
}

/** A node asked for something its graph does not permit. */
export class CapabilityError extends HandloomError {
  override name = 'CapabilityError';
}

/** A store could not read or write. */
export class StoreError extends HandloomError {
  override name = 'StoreError';
}

/** An error as it travels between workers, into the journal and over HTTP. */
export interface WireError {
  name: string;
  message: string;
  stack?: string;
  code?: string;
  details?: Record<string, unknown>;
  issues?: Issue[];
  cause?: WireError;
}

/** Whatever was thrown (also a string, or nothing at all) as plain data that survives any channel. */
export function toWireError(thrown: unknown, depth = 0): WireError {
  if (!isErrorLike(thrown)) return { name: 'Error', message: describe(thrown) };
  const wire: WireError = { name: String(thrown.name || 'Error'), message: String(thrown.message ?? '') };
  if (typeof thrown.stack === 'string') wire.stack = thrown.stack;
  if (typeof thrown.code === 'string' || typeof thrown.code === 'number') wire.code = String(thrown.code);
  if (thrown instanceof HandloomError) {
    if (Object.keys(thrown.details).length) wire.details = thrown.details;
    if (thrown.issues.length) wire.issues = thrown.issues;
  }
  if (thrown.cause !== undefined && depth < 3) wire.cause = toWireError(thrown.cause, depth + 1);
  return wire;
}

/** As {@link toWireError}, without a stack: where the engine noticed tells nothing of what is wrong. */
export function toBareWireError(error: HandloomError): WireError {
  const { stack: _, ...wire } = toWireError(error);
  return wire;
}

/** The inverse of {@link toWireError}: an `Error` with the name, message, stack and code it had. */
export function fromWireError(wire: WireError): HandloomError {
  const error = new HandloomError(wire.code ?? 'error', wire.message, {
    ...(wire.details && { details: wire.details }),
    ...(wire.issues && { issues: wire.issues }),
    ...(wire.cause && { cause: fromWireError(wire.cause) }),
  });
  error.name = wire.name;
  if (wire.stack) error.stack = wire.stack;
  return error;
}

function isErrorLike(value: unknown): value is Error & { code?: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value;
}

function describe(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : `Thrown: ${JSON.stringify(thrown) ?? String(thrown)}`;
  } catch {
    return 'Thrown: a value that cannot be shown';
  }
}
