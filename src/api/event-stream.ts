/**
 * Answers that go on: server-sent events. What is not yet read waits in a slot that the feed overwrites or merges
 * as it sees fit, so a slow reader costs no memory.
 */
import type { Clock } from '../engine/clock.ts';

/** How often a quiet stream shows that it lives, so that proxies keep it open. */
export const heartbeatMs = 15_000;

/** Where a stream's events come from. */
export interface Feed {
  /** The next event's text, made by {@link eventText}; undefined when there is none at present. */
  take(): string | undefined;
  /** Whether nothing more will come once `take` gives nothing. */
  ended(): boolean;
  /** Stops the source. */
  stop(): void;
}

/** One event as it is written to the stream. */
export function eventText(event: string, data: string, id?: number): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\n${lines.join('')}\n`;
}

/**
 * Opens a stream. `open` starts the source and calls `wake` whenever `take` has something to give, or the feed has
 * ended; it is awaited before the answer begins, so that what it throws becomes an ordinary error answer.
 */
export async function eventStream(
  clock: Clock,
  signal: AbortSignal,
  open: (wake: () => void) => Promise<Feed>,
): Promise<Response> {
  const encoder = new TextEncoder();
  let wake = () => {};
  const feed = await open(() => wake());
  let stopHeartbeat = () => {};
  let beat = false;
  let closed = false;
  let cancelled = false;
  const close = () => {
    if (closed) return;
    closed = true;
    stopHeartbeat();
    feed.stop();
    wake();
  };
  const schedule = () => {
    stopHeartbeat();
    stopHeartbeat = clock.after(heartbeatMs, () => {
      beat = true;
      wake();
    });
  };
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  else schedule();

  const body = new ReadableStream<Uint8Array>(
    {
      /** Called when the reader has room; waits until there is something to give. */
      async pull(controller) {
        for (;;) {
          const text = closed ? undefined : feed.take();
          if (text !== undefined) {
            schedule();
            beat = false;
            controller.enqueue(encoder.encode(text));
            return;
          }
          if (closed || feed.ended()) {
            close();
            if (!cancelled) controller.close();
            return;
          }
          if (beat) {
            beat = false;
            schedule();
            controller.enqueue(encoder.encode(': still here\n\n'));
            return;
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      cancel() {
        cancelled = true;
        close();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}
