import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { isAlive, nameOf, owner } from '../../server/process-name.ts';

describe('the name of a process', () => {
  test('is alive as long as the process, and dead after', async () => {
    expect(isAlive(owner)).toBe(true);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const name = nameOf(child.pid as number);
    expect(isAlive(name)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(name)).toBe(false);
  });

  test('does not pass to a later process of the same number', () => {
    const [, pid, start] = owner.split(':');
    // Where the system does not tell when a process began, nothing tells the two apart.
    if (start === undefined) return;
    expect(isAlive(`${hostname()}:${pid}:${Number(start) - 1}`)).toBe(false);
  });

  test('without a start, as an older version wrote it, goes by the number', () => {
    expect(isAlive(`${hostname()}:${process.pid}`)).toBe(true);
    expect(isAlive(`${hostname()}:999999999`)).toBe(false);
  });

  test('of another machine counts as alive', () => {
    expect(isAlive('elsewhere.example:1:2')).toBe(true);
  });
});
