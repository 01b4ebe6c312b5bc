/** How what went wrong in a task is told. */
import { HandloomError, toWireError, type WireError } from '../errors.ts';

/** A result was sent to a port its node does not have. */
export class RouteError extends HandloomError {
  override name = 'RouteError';
  constructor(port: string, outputs: readonly string[]) {
    const known = outputs.map((output) => JSON.stringify(output)).join(', ') || 'none';
    super('unknown_port', `There is no port ${JSON.stringify(port)}; this node has ${known}.`, {
      details: { port, outputs },
    });
  }
}

/** A frame within code of the user's, as `to-function.ts` names it. */
const ownFrame = /(?:^\s+at |\()handloom\/[^()]+:\d+:\d+\)?$/;
const anyFrame = /^\s+at /;

/**
 * A stack without the frames below the user's own code: they are of no use to its author, and where on a disk this
 * program lies is nobody's business.
 */
function ownPart(stack: string): string {
  const lines = stack.split('\n');
  const last = lines.findLastIndex((line) => ownFrame.test(line));
  const first = lines.findIndex((line) => anyFrame.test(line));
  const end = last >= 0 ? last + 1 : first >= 0 ? first : lines.length;
  return lines.slice(0, end).join('\n');
}

/** The stack of an error, and of what caused it. */
function stackOf({ stack, cause }: WireError): string | undefined {
  const own = stack && ownPart(stack);
  if (!cause) return own;
  const causes = stackOf(cause) ?? `${cause.name}: ${cause.message}`;
  return `${own ?? ''}\nCaused by: ${causes}`;
}

/** Whatever a handler threw, as data; never throws itself, whatever traps the thrown value may hold. */
export function failureOf(thrown: unknown): WireError {
  try {
    const wire = toWireError(thrown);
    // `class ValueError extends Error {}` leaves the name at "Error", but people retry on "ValueError".
    if (wire.name === 'Error' && thrown instanceof Error) wire.name = thrown.constructor?.name || 'Error';
    const stack = stackOf(wire);
    return { ...wire, ...(stack !== undefined && { stack }) };
  } catch {
    return { name: 'Error', message: 'Thrown: a value that cannot be shown' };
  }
}
