/**
 * Server-sent events over `fetch`, which, unlike EventSource, works over any transport, tells errors from ends and
 * can send `Last-Event-ID` from the first time on.
 */
import type { Clock } from '../engine/clock.ts';

export interface ServerEvent {
  event: string;
  data: string;
  id?: string;
}

export interface FollowOptions {
  signal?: AbortSignal;
  /** Go on after this event. */
  lastEventId?: string;
  /** Told whenever the stream has broken and is tried again. */
  onRetry?: (error: unknown) => void;
  /** For the waits between tries; default the host's own timers. */
  clock?: Pick<Clock, 'after'>;
}

const firstDelayMs = 250;
const longestDelayMs = 10_000;

const hostClock: Pick<Clock, 'after'> = {
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Follows a stream until `onEvent` returns true or the signal aborts, over breaks: each further try asks for what
 * came after the last event seen, waiting 0.25 s, then twice as long each time, at most 10 s.
 * @throws what `open` throws with `isFinal(error)`, such as "there is no such run".
 */
export async function followEvents(
  open: (headers: Record<string, string>, signal: AbortSignal | undefined) => Promise<Response>,
  onEvent: (event: ServerEvent) => boolean | undefined,
  isFinal: (error: unknown) => boolean,
  options: FollowOptions = {},
): Promise<void> {
  const { signal, onRetry, clock = hostClock } = options;
  let { lastEventId } = options;
  let delayMs = firstDelayMs;
  while (!signal?.aborted) {
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
      const answer = await open(headers, signal);
      for await (const event of readEvents(answer)) {
        lastEventId = event.id ?? lastEventId;
        delayMs = firstDelayMs;
        if (onEvent(event) || signal?.aborted) return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (isFinal(error)) throw error;
      onRetry?.(error);
    }
    await wait(clock, delayMs, signal);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

/** The events of one answer. Leaving the loop cancels the stream. */
export async function* readEvents(answer: Response): AsyncGenerator<ServerEvent> {
  if (!answer.body) return;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      rest += decoder.decode(part.value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  const event: ServerEvent = { event: 'message', data: '' };
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ''] = /^([^:]+):? ?(.*)$/.exec(line) ?? [];
    if (name === 'data') data.push(value);
    else if (name === 'event') event.event = value;
    else if (name === 'id') event.id = value;
  }
  return data.length > 0 ? { ...event, data: data.join('\n') } : undefined;
}

function wait(clock: Pick<Clock, 'after'>, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      stop();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const stop = clock.after(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
