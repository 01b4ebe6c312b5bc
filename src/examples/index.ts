/** Graphs to begin with, the one that opens on a first visit at the head. */
import type { Graph } from '../schema/graph.ts';
import addThenSquare from './add-then-square.json' with { type: 'json' };
import collatz from './collatz.json' with { type: 'json' };
import flakyService from './flaky-service.json' with { type: 'json' };
import flightDelays from './flight-delays.json' with { type: 'json' };
import type { Localized } from './localized.ts';

export interface Example {
  id: string;
  title: Localized;
  summary: Localized;
  graph: Graph;
}

export const examples: readonly Example[] = [
  {
    id: 'flight-delays',
    title: { en: 'Flight delays', zh: '航班延误' },
    summary: {
      en: 'Which airports run late, and how sure can we be? Real flights, computed on every core.',
      zh: '哪些机场经常晚点，结论有多可靠？用真实航班数据，在所有核心上计算。',
    },
    graph: flightDelays as Graph,
  },
  {
    id: 'collatz',
    title: { en: 'Collatz', zh: '考拉兹猜想' },
    summary: {
      en: 'A loop that ends by itself when every number has come down to 1.',
      zh: '一个循环：所有数都降到 1 时自动结束。',
    },
    graph: collatz as Graph,
  },
  {
    id: 'flaky-service',
    title: { en: 'Flaky service', zh: '不稳定的服务' },
    summary: {
      en: 'Retries what may yet succeed, and sends the rest on its way by the error port.',
      zh: '重试可能成功的任务，其余的通过错误端口另行处理。',
    },
    graph: flakyService as Graph,
  },
  {
    id: 'add-then-square',
    title: { en: 'Add, then square', zh: '先相加，再平方' },
    summary: {
      en: 'The smallest graph with two steps.',
      zh: '最小的两步任务图。',
    },
    graph: addThenSquare as Graph,
  },
];
