/** Puts the samples that ship with Handloom into a workspace: readable and listed under `samples/`, never changed. */
import type { Files } from '../nodes/define-node.ts';
import { fileError } from '../nodes/file-error.ts';
import { byPath, cleanPath, cleanPrefix, fileNotFound } from './file-path.ts';

export const samplesFolder = 'samples/';

/** Where samples come from; their paths have no `samples/` in front. A workspace in a directory is one. */
export type SampleSource = Pick<Files, 'read' | 'list'>;

/** The workspace `files`, with the samples in it. What the user may have under `samples/` is hidden. */
export function withSamples(files: Files, samples: SampleSource): Files {
  const isSample = (path: string): boolean => cleanPath(path).startsWith(samplesFolder);
  const inSamples = (path: string): string => cleanPath(path).slice(samplesFolder.length);
  const refuse = (path: string) =>
    fileError(
      'file_read_only',
      `${JSON.stringify(path)} is a sample, and samples cannot be changed. Choose a path outside ${samplesFolder}.`,
      path,
    );

  return {
    async read(path) {
      if (!isSample(path)) return files.read(path);
      try {
        return await samples.read(inSamples(path));
      } catch (error) {
        throw (error as { code?: unknown } | null)?.code === 'file_not_found' ? fileNotFound(path) : error;
      }
    },
    async write(path, data) {
      if (isSample(path)) throw refuse(path);
      await files.write(path, data);
    },
    async delete(path) {
      if (isSample(path)) throw refuse(path);
      await files.delete(path);
    },
    async list(prefix = '') {
      const start = cleanPrefix(prefix);
      const own = (await files.list(start)).filter(({ path }) => !path.startsWith(samplesFolder));
      const touches = start.startsWith(samplesFolder) || samplesFolder.startsWith(start);
      const bundled = touches ? await samples.list() : [];
      const named = bundled.map(({ path, bytes }) => ({ path: samplesFolder + path, bytes }));
      return byPath([...own, ...named.filter(({ path }) => path.startsWith(start))]);
    },
  };
}

/** The part of `fetch` that reading samples needs. */
export type FetchSample = (url: string) => Promise<Pick<Response, 'ok' | 'status' | 'arrayBuffer'>>;

/**
 * Samples served beside the app.
 * @param base - Address of the folder, ending in `/`.
 * @param entries - What is in it.
 */
export function fetchedSamples(
  base: string,
  entries: { path: string; bytes: number }[],
  fetchSample: FetchSample,
): SampleSource {
  const known = new Set(entries.map(({ path }) => path));
  return {
    async read(path) {
      // Asked for by name only, since an app's server may answer any address with its page.
      if (!known.has(path)) throw fileNotFound(path);
      const response = await fetchSample(base + path.split('/').map(encodeURIComponent).join('/'));
      if (!response.ok)
        throw fileError(
          'file_failed',
          `The sample ${JSON.stringify(path)} could not be loaded (status ${response.status}).`,
          path,
        );
      return new Uint8Array(await response.arrayBuffer());
    },
    list: async () => entries.map((entry) => ({ ...entry })),
  };
}
