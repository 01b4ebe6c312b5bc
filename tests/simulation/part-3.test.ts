import { simulateSeeds } from './simulate-seeds.ts';

simulateSeeds(1000, 500);
