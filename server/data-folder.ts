/** What lies where in a data folder. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from '../src/errors.ts';

export const databaseFile = (dataDir: string): string => join(dataDir, 'handloom.db');

/** Tells which processes work on the folder, and where each can be reached. */
export const liveFolder = (dataDir: string): string => join(dataDir, 'live');

/** The workspace that nodes read and write, unless another folder is named. */
export const filesFolder = (dataDir: string): string => join(dataDir, 'files');

/** Makes the folder if need be. @throws StoreError `data_folder_unusable` */
export async function makeDataFolder(dataDir: string): Promise<void> {
  const refuse = (why: string | undefined, cause?: Error): never => {
    const message = `The data folder ${dataDir} cannot be made: ${why}.`;
    throw new StoreError('data_folder_unusable', message, { cause });
  };
  if (dataDir === '') refuse('it has no name');
  await makeFolder(resolve(dataDir)).catch((cause: NodeJS.ErrnoException) => refuse(cause.code, cause));
}

/** Step by step: Node's own way, `recursive`, goes round for ever where a folder takes no others, as /proc. */
async function makeFolder(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
    // Another process may have been faster.
    if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  });
}
