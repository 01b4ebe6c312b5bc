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

/** Whatever a handler threw, as data; never throws itself, whatever traps the thrown value may hold. */
export function failureOf(thrown: unknown): WireError {
  try {
    const wire = toWireError(thrown);
    // `class ValueError extends Error {}` leaves the name at "Error", but people retry on "ValueError".
    if (wire.name === 'Error' && thrown instanceof Error) wire.name = thrown.constructor?.name || 'Error';
    return wire;
  } catch {
    return { name: 'Error', message: 'Thrown: a value that cannot be shown' };
  }
}
