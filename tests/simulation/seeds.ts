/**
 * Seeds that once failed, and what each of them found. A seed means the same run only as long as graphs and scenarios
 * are drawn the same way; the mistakes themselves have tests of their own in `tests/engine`.
 */
export const seeds: { seed: number; found: string }[] = [
  { seed: 357, found: 'tasks from outside were said to be taken while the store refused them' },
  { seed: 92, found: 'a list of failed tasks did not say that their deliveries cannot be read' },
  { seed: 1268, found: 'artifacts were left behind by a host that died while it let go of payloads' },
  { seed: 33247, found: 'a subgraph took in elsewhere when what its nodes begin with had gone' },
  { seed: 85670, found: 'a back-off that ended while the store refused was added to the wait for a turn' },
];
