/**
 * One exchange of a graph document, as bytes: the length of the sender's state vector (4 bytes, big-endian), the
 * vector, and then the sender's update, which may be empty.
 */
import { ValidationError } from '../errors.ts';

export interface SyncFrame {
  vector: Uint8Array;
  update: Uint8Array;
}

export function encodeSyncFrame({ vector, update }: SyncFrame): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + vector.byteLength + update.byteLength);
  new DataView(bytes.buffer).setUint32(0, vector.byteLength);
  bytes.set(vector, 4);
  bytes.set(update, 4 + vector.byteLength);
  return bytes;
}

/** @throws ValidationError `bad_sync_frame` */
export function decodeSyncFrame(bytes: Uint8Array): SyncFrame {
  const bad = (why: string) => new ValidationError('bad_sync_frame', `The body is no sync frame: ${why}.`);
  if (bytes.byteLength < 4) throw bad('it is shorter than 4 bytes');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length > bytes.byteLength - 4) throw bad('its state vector goes beyond its end');
  return { vector: bytes.slice(4, 4 + length), update: bytes.slice(4 + length) };
}
