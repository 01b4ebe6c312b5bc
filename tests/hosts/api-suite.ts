/**
 * What the API does on every host, as plain functions: the same cases run against Node over HTTP, and in a page
 * against the service worker and the engine's port. No test runner in here.
 */
import { badInputCases } from './bad-input-cases.ts';
import { controlCases } from './control-cases.ts';
import { graphCases } from './graph-cases.ts';
import { keepingCases } from './keeping-cases.ts';
import { runCases } from './run-cases.ts';
import { type ApiSuiteOptions, suiteTools } from './suite-tools.ts';

import { valueCases } from './value-cases.ts';

export type { ApiSuiteOptions } from './suite-tools.ts';

export interface ApiCase {
  name: string;
  /** Rejects with what was not as it should be. */
  run(): Promise<void>;
}

export function apiCases(options: ApiSuiteOptions): ApiCase[] {
  const tools = suiteTools(options);
  const cases = {
    ...graphCases(tools),
    ...runCases(tools),
    ...controlCases(tools),
    ...valueCases(tools),
    ...badInputCases(tools),
    ...keepingCases(tools),
  };
  return Object.entries(cases).map(([name, run]) => ({ name, run }));
}
