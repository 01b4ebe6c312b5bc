import { simulateSeeds } from './simulate-seeds.ts';

simulateSeeds(500, 500);
