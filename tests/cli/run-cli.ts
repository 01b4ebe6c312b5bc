/** Runs the built command line as a user does, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cliFile } from '../hosts/built-server.ts';

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

export class CliFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'handloom-cli-'));

  file(name: string, content: unknown): string {
    writeFileSync(join(this.path, name), typeof content === 'string' ? content : JSON.stringify(content));
    return name;
  }

  start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const { HANDLOOM_DATA: _, ...env } = process.env;
    const child = spawn(process.execPath, [cliFile, ...args], {
      cwd: this.path,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) =>
      child.once('close', (status) => resolve({ status, stdout, stderr })),
    );
    return { child, ended };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
