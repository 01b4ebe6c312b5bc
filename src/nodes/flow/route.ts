/** Sends each value to one of several ports. */
import { z } from 'zod';
import { HandloomError } from '../../errors.ts';
import { errorPort } from '../../schema/graph.ts';
import { codeField } from '../code-field.ts';
import { defineNode, to } from '../define-node.ts';
import { describeValue } from '../describe-value.ts';
import { field } from '../field-widgets.ts';
import { toFunction, whenReady } from '../to-function.ts';

const params = z.object({
  ports: z
    .array(
      z
        .string()
        .min(1)
        .max(100)
        .refine((name) => name !== errorPort, `"${errorPort}" is the name of the port for failed tasks.`),
    )
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'Two ports have the same name.')
    .meta(
      field({
        title: 'Ports',
        title_zh: '端口',
        description: 'The ways a value can take.',
        description_zh: '值可以走的各条路径。',
        widget: 'list',
        placeholder: 'even',
      }),
    ),
  code: codeField({
    description: 'Gives the name of the port a value goes to.',
    description_zh: '返回值应前往的端口名称。',
    placeholder: "(n) => (n % 2 ? 'odd' : 'even')",
  }),
});

interface Prepared {
  ports: string[];
  code: string;
}

export default defineNode({
  type: 'flow.route',
  version: 1,
  kind: 'map',
  title: { en: 'Route', zh: '路由' },
  summary: { en: 'Sends each value to the port your function picks.', zh: '将每个值送往函数选定的端口。' },
  icon: 'route',
  inputs: [{ name: 'in', type: 'any' }],
  outputs: ({ ports }) => ports.map((name) => ({ name, type: 'any' })),
  params,
  place: 'worker',
  prepare: ({ ports, code }, tools): Prepared => ({ ports, code: tools.compile(code, 'code') }),
  create({ ports, code }: Prepared) {
    const run = toFunction(code);
    const known = new Set<unknown>(ports);
    return (payload, ctx) =>
      whenReady(run(payload, ctx), (port) => {
        if (known.has(port)) return to(port as string, payload);
        const names = ports.map((name) => JSON.stringify(name)).join(', ');
        const error = new HandloomError(
          'unknown_port',
          `The function has to give one of ${names}, but it gave ${describeValue(port)}.`,
          {
            details: { ports },
          },
        );
        error.name = 'RouteError';
        throw error;
      });
  },
  examples: [
    {
      title: { en: 'Even and odd', zh: '偶数与奇数' },
      params: { ports: ['even', 'odd'], code: "(n) => (n % 2 ? 'odd' : 'even')" },
      payloads: [1, 2, 3],
      results: [1, 2, 3],
      ports: { even: [2], odd: [1, 3] },
    },
    {
      title: { en: 'By a field', zh: '按字段' },
      params: { ports: ['open', 'closed'], code: 'async (ticket) => ticket.state' },
      payloads: [
        { id: 1, state: 'open' },
        { id: 2, state: 'closed' },
      ],
      results: [
        { id: 1, state: 'open' },
        { id: 2, state: 'closed' },
      ],
      ports: { open: [{ id: 1, state: 'open' }], closed: [{ id: 2, state: 'closed' }] },
    },
    {
      title: { en: 'A port that is not there', zh: '不存在的端口' },
      params: { ports: ['small'], code: "(n) => (n < 10 ? 'small' : 'large')" },
      payloads: [5, 50],
      results: [5],
      ports: { small: [5] },
      errors: ['RouteError'],
    },
  ],
});
