/** A workspace in memory, for tests and for trying things out. */
import type { Files } from '../nodes/define-node.ts';
import {
  byPath,
  cleanPath,
  cleanPrefix,
  fileNotFound,
  pathConflict,
  pathParts,
  toBytes,
} from './file-path.ts';

export function createMemoryFiles(initial: Record<string, Uint8Array | string> = {}): Files {
  const contents = new Map(
    Object.entries(initial).map(([path, data]) => [cleanPath(path), toBytes(data).slice()]),
  );

  const isFolder = (path: string): boolean =>
    [...contents.keys()].some((file) => file.startsWith(`${path}/`));

  return {
    async read(path) {
      const data = contents.get(cleanPath(path));
      if (!data) throw fileNotFound(path);
      return data.slice();
    },
    async write(path, data) {
      const parts = pathParts(path);
      const clean = parts.join('/');
      const throughFile = parts.some((_, i) => i > 0 && contents.has(parts.slice(0, i).join('/')));
      if (throughFile || isFolder(clean)) throw pathConflict(path);
      contents.set(clean, toBytes(data).slice());
    },
    async delete(path) {
      if (!contents.delete(cleanPath(path))) throw fileNotFound(path);
    },
    async list(prefix = '') {
      const start = cleanPrefix(prefix);
      return byPath(
        [...contents]
          .filter(([path]) => path.startsWith(start))
          .map(([path, data]) => ({ path, bytes: data.length })),
      );
    },
  };
}
