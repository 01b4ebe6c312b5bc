/**
 * A workspace in a directory. Nothing outside it can be reached: paths are checked, and so is where links lead. A
 * file is written beside its place and moved there when it is whole and on disk.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, realpath, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import {
  byPath,
  cleanPrefix,
  fileNotFound,
  pathConflict,
  pathParts,
  toBytes,
} from '../src/files/file-path.ts';
import type { Files } from '../src/nodes/define-node.ts';
import { fileError } from '../src/nodes/file-error.ts';

const temporary = /^\.handloom-.*\.tmp$/;

/** Makes a workspace of the directory `root`, which is created when it is first written to. */
export function createDirectoryFiles(root: string): Files {
  /** Where a path really is; undefined when nothing is there. */
  const locate = async (path: string, parts: string[]): Promise<string | undefined> => {
    try {
      const base = await realpath(root);
      const place = await realpath(join(base, ...parts));
      if (place !== base && !place.startsWith(base + sep)) throw leadsOut(path);
      return place;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };

  /** The folder a file is to stand in, made where it is missing, without following a link out of the workspace. */
  const prepareFolder = async (path: string, parts: string[]): Promise<string> => {
    await mkdir(root, { recursive: true });
    let folder = await realpath(root);
    const folders = parts.slice(0, -1);
    for (let i = 0; i < folders.length; i++) {
      const next = await locate(path, folders.slice(0, i + 1));
      if (next !== undefined && !(await stat(next)).isDirectory()) throw pathConflict(path);
      folder = next ?? join(folder, folders[i] as string);
      if (next === undefined) await mkdir(folder, { recursive: true });
    }
    return folder;
  };

  return {
    async read(path) {
      const parts = pathParts(path);
      return guarded(path, async () => {
        const place = await locate(path, parts);
        // A pipe or a device would never come to an end.
        if (place === undefined || !(await stat(place)).isFile()) throw fileNotFound(path);
        const file = await open(place, 'r');
        try {
          const data = await file.readFile();
          return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        } finally {
          await file.close();
        }
      });
    },

    async write(path, data) {
      const parts = pathParts(path);
      await guarded(path, async () => {
        const folder = await prepareFolder(path, parts);
        const target = join(folder, parts[parts.length - 1] as string);
        const draft = join(folder, `.handloom-${randomUUID()}.tmp`);
        try {
          const file = await open(draft, 'wx');
          try {
            await file.writeFile(toBytes(data));
            await file.sync();
          } finally {
            await file.close();
          }
          await rename(draft, target);
        } catch (error) {
          await rm(draft, { force: true });
          throw error;
        }
      });
    },

    async delete(path) {
      const parts = pathParts(path);
      await guarded(path, async () => {
        const place = await locate(path, parts);
        if (place === undefined || !(await stat(place)).isFile()) throw fileNotFound(path);
        // The name itself, so that of a link only the link goes.
        const folder = await realpath(dirname(join(await realpath(root), ...parts)));
        await unlink(join(folder, parts[parts.length - 1] as string));
      });
    },

    async list(prefix = '') {
      const start = cleanPrefix(prefix);
      const found: { path: string; bytes: number }[] = [];
      const walk = async (at: string): Promise<void> => {
        const entries = await readdir(join(root, at), { withFileTypes: true }).catch((error: unknown) => {
          if (isMissing(error)) return [];
          throw error;
        });
        for (const entry of entries) {
          const path = at + entry.name;
          if (entry.isDirectory()) {
            if (`${path}/`.startsWith(start) || start.startsWith(`${path}/`)) await walk(`${path}/`);
          } else if (path.startsWith(start) && !temporary.test(entry.name)) {
            const size = await sizeOf(path);
            if (size !== undefined) found.push({ path, bytes: size });
          }
        }
      };
      await guarded(prefix, () => walk(''));
      return byPath(found);
    },
  };

  /** Undefined for what cannot be read as a file: pipes, links that lead nowhere, to folders, or out. */
  async function sizeOf(path: string): Promise<number | undefined> {
    try {
      const place = await locate(path, path.split('/'));
      if (place === undefined) return undefined;
      const { size, isFile } = await stat(place).then((stats) => ({
        size: stats.size,
        isFile: stats.isFile(),
      }));
      return isFile ? size : undefined;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'path_refused' || isMissing(error)) return undefined;
      throw error;
    }
  }
}

const leadsOut = (path: string): Error =>
  fileError(
    'path_refused',
    `The path ${JSON.stringify(path)} is refused: a link in it leads out of the workspace.`,
    path,
  );

function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

/** Turns the system's errors into ours, without the path of the machine in them. */
async function guarded<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) throw error;
    if (code === 'EISDIR' || code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR')
      throw pathConflict(path);
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw fileError('files_full', `There is no room left to write ${JSON.stringify(path)}.`, path);
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw fileError('file_refused', `The system does not permit access to ${JSON.stringify(path)}.`, path);
    }
    throw fileError('file_failed', `${JSON.stringify(path)}: the system reports ${code}.`, path);
  }
}
