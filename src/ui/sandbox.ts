/** Makes the sandbox of the app: the frame, with the built task worker in it. */
import taskWorkerUrl from '../../workers/task-worker.ts?worker&url';
import { createSandboxFrame, type SandboxFrame } from './sandbox-frame.ts';

/** The sandbox, or undefined where the task worker cannot be had. */
export async function openSandbox(): Promise<SandboxFrame | undefined> {
  try {
    const response = await fetch(taskWorkerUrl);
    return response.ok ? await createSandboxFrame(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}
