/**
 * Messages to and from child processes as bytes, so that they arrive just as structured cloning brings them between
 * threads. Node's own `advanced` serialisation does less: its views of binary data lie in the buffer of the whole
 * message (`bytes.buffer` is then something else), views of one buffer come apart, and a `Buffer` stays one.
 */
import { Deserializer, Serializer } from 'node:v8';
import type { Channel } from '../src/pool/endpoint.ts';

/** The side of an IPC channel that hears: a child process, or the process of a child. */
interface Hearing {
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/**
 * A channel over IPC; `send` sends bytes. Code in a child may send what it likes: what cannot be read goes to
 * `onUnreadable`.
 */
export function processChannel(
  hearing: Hearing,
  send: (bytes: Uint8Array) => void,
  onUnreadable: (error: Error) => void = () => {},
): Channel {
  const listeners = new Set<(message: unknown) => void>();
  hearing.on('message', (bytes) => {
    let message: unknown;
    try {
      message = readMessage(bytes);
    } catch (error) {
      onUnreadable(error as Error);
      return;
    }
    for (const listener of [...listeners]) listener(message);
  });
  return {
    post: (message) => send(messageBytes(message)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A message as bytes. @throws when it holds something that cannot be cloned */
export function messageBytes(message: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(message);
  return serializer.releaseBuffer();
}

function readMessage(bytes: unknown): unknown {
  const deserializer = new Deserializer(bytes as Uint8Array);
  deserializer.readHeader();
  return deserializer.readValue();
}
