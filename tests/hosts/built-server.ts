/** The built Node host on a port of its own, as users start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const cliFile = fileURLToPath(new URL('../../dist/server/cli.js', import.meta.url));

export interface BuiltServer {
  url: string;
  dataDir: string;
  child: ChildProcess;
  /** Ends it as Ctrl-C does. @returns its exit status */
  stop(): Promise<number | null>;
}

/** Starts `handloom serve`; it says itself where it answers. */
export function startBuiltServer(args: string[] = []): Promise<BuiltServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'handloom-serve-'));
  const child = spawn(process.execPath, [cliFile, 'serve', '--port', '0', '--data', dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGINT');
    const status = await ended;
    rmSync(dataDir, { recursive: true, force: true });
    return status;
  };
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    child.stderr?.on('data', (text) => {
      errors += text;
    });
    child.stdout?.on('data', (text) => {
      output += text;
      const url = /at (http:\/\/\S+)/.exec(output)?.[1];
      if (url) resolve({ url, dataDir, child, stop });
    });
    void ended.then((status) => reject(new Error(`It ended with status ${status}: ${errors}`)));
  });
}
