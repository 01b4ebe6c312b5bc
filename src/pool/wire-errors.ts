/**
 * Errors across Comlink: its own handler keeps name, message and stack; ours keeps code, details and cause as well.
 * Importing this module on both sides is enough.
 */
import { type TransferHandler, transferHandlers } from 'comlink';
import { fromWireError, type WireError } from '../errors.ts';
import { failureOf } from './failures.ts';

interface Thrown {
  value: unknown;
}

const original = transferHandlers.get('throw') as TransferHandler<Thrown, unknown>;

transferHandlers.set('throw', {
  canHandle: original.canHandle,
  serialize: ({ value }: Thrown) => [failureOf(value), []],
  deserialize(wire: WireError): never {
    throw fromWireError(wire);
  },
} as TransferHandler<Thrown, WireError>);
