/**
 * Seeds that once failed, and what each of them found. A seed means the same run only as long as graphs and scenarios
 * are drawn the same way; the mistakes themselves have tests of their own in `tests/engine`.
 */
export const seeds: { seed: number; found: string }[] = [
  { seed: 357, found: 'tasks from outside were said to be taken while the store refused them' },
];
