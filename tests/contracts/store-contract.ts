/**
 * What every store must do: the same cases judge the memory and SQLite stores in Node and the Dexie store in a real
 * browser.
 */
import { artifactCases } from './store-artifact-cases.ts';
import { cacheCases } from './store-cache-cases.ts';
import type { StoreCase } from './store-case.ts';
import { journalCases } from './store-journal-cases.ts';
import { keptCases } from './store-kept-cases.ts';
import { runCases } from './store-run-cases.ts';

export const storeCases: readonly StoreCase[] = [
  ...runCases,
  ...journalCases,
  ...artifactCases,
  ...cacheCases,
  ...keptCases,
];
