/** Holds each value back for a while. */
import { z } from 'zod';
import { defineNode } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';

/** The longest a timer can wait: 24.8 days. */
const longest = 2_147_483_647;

const params = z.object({
  ms: z
    .number()
    .min(0)
    .max(longest)
    .default(1000)
    .meta(
      field({
        title: 'Milliseconds',
        title_zh: '毫秒',
        description: 'Run interleaved, values wait side by side; run one at a time, one after the other.',
        description_zh: '以“交错”方式运行时，各值同时等待；以“逐个”方式运行时，依次等待。',
        widget: 'number',
        placeholder: '1000',
      }),
    ),
  field: z
    .string()
    .optional()
    .meta(
      field({
        title: 'Field (optional)',
        title_zh: '字段（可选）',
        description: 'The field of each value that says how many milliseconds it waits, instead.',
        description_zh: '改由每个值的此字段指定要等待的毫秒数。',
        widget: 'text',
        placeholder: 'delayMs',
      }),
    ),
});

function durationOf(payload: unknown, name: string): number {
  const found =
    typeof payload === 'object' && payload !== null && Object.hasOwn(payload, name)
      ? (payload as Record<string, unknown>)[name]
      : undefined;
  if (typeof found === 'number' && found >= 0 && found <= longest) return found;
  throw new TypeError(
    `The field "${name}" has to say how many milliseconds to wait, from 0 to ${longest}; it is ${describeValue(found)}.`,
  );
}

/** Waits, but no longer than the task lives. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

export default defineNode({
  type: 'flow.delay',
  version: 1,
  kind: 'map',
  title: { en: 'Delay', zh: '延时' },
  summary: {
    en: 'Holds each value back for a while, then passes it on as it is.',
    zh: '让每个值等待一段时间，然后原样继续流动。',
  },
  icon: 'hourglass',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: [{ name: 'out', type: 'any' }],
  params,
  place: 'host',
  create:
    ({ ms, field: name }: z.output<typeof params>) =>
    async (payload, ctx) => {
      await wait(name ? durationOf(payload, name) : ms, ctx.signal);
      return payload;
    },
  examples: [
    {
      title: { en: 'A moment', zh: '片刻' },
      params: { ms: 20 },
      payloads: [1, { two: 2 }],
      results: [1, { two: 2 }],
    },
    {
      title: { en: 'No time, but later', zh: '不等待，但稍后执行' },
      params: { ms: 0 },
      payloads: [null, 'text'],
      results: [null, 'text'],
    },
    {
      title: { en: 'As long as each value says', zh: '由每个值决定' },
      params: { field: 'delayMs' },
      payloads: [{ id: 1, delayMs: 5 }, { id: 2, delayMs: -1 }, { id: 3 }, 4],
      results: [{ id: 1, delayMs: 5 }],
      errors: ['TypeError', 'TypeError', 'TypeError'],
    },
  ],
});
