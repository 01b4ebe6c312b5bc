/**
 * Seeds that once failed, and what each of them found. A seed means the same run only as long as graphs and scenarios
 * are drawn the same way; the mistakes themselves have tests of their own in `tests/engine`.
 */
export const seeds: { seed: number; found: string }[] = [
  { seed: 48, found: 'payloads seen before a host died were let through again' },
  { seed: 121, found: 'a fold went on from a state of before the death' },
  { seed: 157, found: 'a serial node lost its order when tasks were tried again' },
  { seed: 562, found: 'tasks behind one that had taken its host down twice waited for ever' },
  { seed: 1855, found: 'failed tasks were put back twice while the store refused' },
  { seed: 3899, found: 'a suspect of a serial node overtook a task that was to be tried again' },
];
