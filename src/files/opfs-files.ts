/**
 * A workspace in a directory handle: the origin's private file system, or a folder the user picked. Works in pages
 * and in workers. A file under way is written beside the old one by the browser and takes its place when it is
 * whole.
 */
import type { Files } from '../nodes/define-node.ts';
import { fileError } from '../nodes/file-error.ts';
import { byPath, cleanPrefix, fileNotFound, pathConflict, pathParts, toBytes } from './file-path.ts';

/** Makes a workspace of the directory `root`. */
export function createOpfsFiles(root: FileSystemDirectoryHandle): Files {
  /** The folder that holds a path's last part. */
  const folderOf = async (parts: string[], create: boolean): Promise<FileSystemDirectoryHandle> => {
    let folder = root;
    for (const part of parts.slice(0, -1)) folder = await folder.getDirectoryHandle(part, { create });
    return folder;
  };
  /** Writes to one path take turns: the browser locks a file while it is moved. Resolves to what ends the turn. */
  const turns = new Map<string, Promise<void>>();
  const turnOf = async (path: string): Promise<() => void> => {
    const before = turns.get(path);
    let end = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    turns.set(path, turn);
    await before;
    return () => {
      end();
      if (turns.get(path) === turn) turns.delete(path);
    };
  };
  const nameOf = (parts: string[]): string => parts[parts.length - 1] as string;

  return {
    async read(path) {
      const parts = pathParts(path);
      try {
        const handle = await (await folderOf(parts, false)).getFileHandle(nameOf(parts));
        return new Uint8Array(await (await handle.getFile()).arrayBuffer());
      } catch (error) {
        throw isMissing(error) ? fileNotFound(path) : failure(path, error);
      }
    },
    async write(path, data) {
      const parts = pathParts(path);
      const name = nameOf(parts);
      const release = await turnOf(parts.join('/'));
      try {
        const folder = await folderOf(parts, true);
        const old = await folder.getFileHandle(name).catch((error: unknown) => {
          if (nameOfError(error) === 'NotFoundError') return undefined;
          throw error;
        });
        // A new file gets its name when it is whole: a crash on the way leaves no empty one.
        if (!old && canMove) await fillNew(folder, name, toBytes(data));
        else await fill(old ?? (await folder.getFileHandle(name, { create: true })), toBytes(data));
      } catch (error) {
        throw isMismatch(error) ? pathConflict(path) : failure(path, error);
      } finally {
        release();
      }
    },
    async delete(path) {
      const parts = pathParts(path);
      try {
        const folder = await folderOf(parts, false);
        await folder.getFileHandle(nameOf(parts));
        await folder.removeEntry(nameOf(parts));
      } catch (error) {
        throw isMissing(error) ? fileNotFound(path) : failure(path, error);
      }
    },
    async list(prefix = '') {
      const start = cleanPrefix(prefix);
      const found: { path: string; bytes: number }[] = [];
      const walk = async (folder: FileSystemDirectoryHandle, at: string): Promise<void> => {
        for await (const [name, handle] of folder.entries()) {
          const path = at + name;
          if (handle.kind === 'directory') {
            // Only folders that lie on the way to the prefix, or within it.
            if (`${path}/`.startsWith(start) || start.startsWith(`${path}/`))
              await walk(handle as FileSystemDirectoryHandle, `${path}/`);
          } else if (path.startsWith(start) && !draft.test(name)) {
            found.push({ path, bytes: (await (handle as FileSystemFileHandle).getFile()).size });
          }
        }
      };
      await walk(root, '');
      return byPath(found);
    },
  };
}

/** Replaces what a file holds, as a whole. */
async function fill(handle: FileSystemFileHandle, data: Uint8Array): Promise<void> {
  const writable = await handle.createWritable();
  try {
    await writable.write(data as Uint8Array<ArrayBuffer>);
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => undefined);
    throw error;
  }
}

async function fillNew(folder: FileSystemDirectoryHandle, name: string, data: Uint8Array): Promise<void> {
  const temporary = `.handloom-${crypto.randomUUID()}.tmp`;
  const handle = (await folder.getFileHandle(temporary, { create: true })) as MovableHandle;
  try {
    await fill(handle, data);
    await handle.move(name);
  } catch (error) {
    await folder.removeEntry(temporary).catch(() => undefined);
    throw error;
  }
}

/** Browsers have it, the type library does not yet. */
interface MovableHandle extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}
const canMove = typeof FileSystemFileHandle !== 'undefined' && 'move' in FileSystemFileHandle.prototype;

/** Files under way: ours, and those of the browser. */
const draft = /^\.handloom-.*\.tmp$|\.crswap$/;

const nameOfError = (error: unknown): string => (error as { name?: string } | null)?.name ?? '';
const isMismatch = (error: unknown): boolean => nameOfError(error) === 'TypeMismatchError';
const isMissing = (error: unknown): boolean => nameOfError(error) === 'NotFoundError' || isMismatch(error);

function failure(path: string, error: unknown): Error {
  if (nameOfError(error) === 'QuotaExceededError') {
    return fileError('files_full', `There is no room left to write ${JSON.stringify(path)}.`, path, error);
  }
  return fileError(
    'file_failed',
    `${JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`,
    path,
    error,
  );
}
