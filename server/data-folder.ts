/** What lies where in a data folder. */
import { join } from 'node:path';

export const databaseFile = (dataDir: string): string => join(dataDir, 'handloom.db');

/** Tells which processes work on the folder, and where each can be reached. */
export const liveFolder = (dataDir: string): string => join(dataDir, 'live');

/** The workspace that nodes read and write, unless another folder is named. */
export const filesFolder = (dataDir: string): string => join(dataDir, 'files');
