/** Runs the contract of file workspaces on the origin's private file system, inside a dedicated worker. */
import { createOpfsFiles } from '../../../src/files/opfs-files.ts';
import { filesContract } from '../../contracts/files-contract.ts';

addEventListener('message', async ({ data: index }: MessageEvent<number>) => {
  const root = await navigator.storage.getDirectory();
  const name = `case-${index}`;
  try {
    const folder = await root.getDirectoryHandle(name, { create: true });
    await filesContract[index]?.run(createOpfsFiles(folder));
    await root.removeEntry(name, { recursive: true });
    postMessage('passed');
  } catch (error) {
    postMessage(error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error));
  }
});
