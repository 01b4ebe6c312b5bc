import { simulateSeeds } from './simulate-seeds.ts';

simulateSeeds(1500, 500);
