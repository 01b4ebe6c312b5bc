/**
 * Seeds that once failed, and what each of them found. A seed means the same run only as long as graphs and scenarios
 * are drawn the same way; the mistakes themselves have tests of their own in `tests/engine`.
 */
export const seeds: { seed: number; found: string }[] = [
  { seed: 76869, found: 'a run never began whose start could not see to what it had claimed' },
  { seed: 357, found: 'tasks from outside were said to be taken while the store refused them' },
  { seed: 92, found: 'a list of failed tasks did not say that their deliveries cannot be read' },
  { seed: 19537, found: 'payloads that another host had let go of were told as still there' },
  { seed: 53809, found: 'payloads were told as still there where the store had failed after they had gone' },
  { seed: 71152, found: 'a host that had slept through the end of a run was asked about it' },
  {
    seed: 90669,
    found: 'what was gathered, and given out before the run was cancelled, stayed or went by chance',
  },
  { seed: 1268, found: 'artifacts were left behind by a host that died while it let go of payloads' },
  { seed: 33247, found: 'a subgraph took in elsewhere when what its nodes begin with had gone' },
  { seed: 85670, found: 'a back-off that ended while the store refused was added to the wait for a turn' },
];
