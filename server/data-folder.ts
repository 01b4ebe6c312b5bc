/** What lies where in a data folder. */
import { join } from 'node:path';

export const databaseFile = (dataDir: string): string => join(dataDir, 'handloom.db');

/** The workspace that nodes read and write, unless another folder is named. */
export const filesFolder = (dataDir: string): string => join(dataDir, 'files');
