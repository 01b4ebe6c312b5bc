/** What every kind of worker must do: the same cases judge those of Node and those of a page in a browser. */
import type { WorkerCase } from './worker-case.ts';
import { chainCases } from './worker-chain-cases.ts';
import { contextCases } from './worker-context-cases.ts';
import { lifeCases } from './worker-life-cases.ts';
import { limitCases } from './worker-limit-cases.ts';
import { loopCases } from './worker-loop-cases.ts';
import { partCases } from './worker-part-cases.ts';
import { resultCases } from './worker-result-cases.ts';
import { valueCases } from './worker-value-cases.ts';

export const workerCases: readonly WorkerCase[] = [
  ...resultCases,
  ...valueCases,
  ...contextCases,
  ...chainCases,
  ...partCases,
  ...limitCases,
  ...loopCases,
  ...lifeCases,
];
