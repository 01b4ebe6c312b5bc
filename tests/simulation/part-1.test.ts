import { simulateSeeds } from './simulate-seeds.ts';

simulateSeeds(0, 500);
