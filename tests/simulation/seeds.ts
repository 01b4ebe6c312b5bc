/**
 * Seeds that once failed, and what each of them found. A seed means the same run only as long as graphs and scenarios
 * are drawn the same way; the mistakes themselves have tests of their own in `tests/engine`.
 */
export const seeds: { seed: number; found: string }[] = [
  { seed: 3899, found: 'a suspect of a serial node overtook a task that was to be tried again' },
];
