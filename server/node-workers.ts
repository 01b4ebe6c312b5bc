/** Makes workers on Node: threads for the shared pool, child processes for nodes with mode `process`. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { channelEndpoint } from '../src/pool/endpoint.ts';
import { type Spawn, type SpawnedWorker, warmedWorkers } from '../src/pool/worker-handle.ts';
import { canGuard, machineMemoryMb, ProcessGuard, ThreadGuard } from './memory-guard.ts';
import { processChannel } from './process-channel.ts';

export interface NodeWorkerOptions {
  /** The built entry; by default beside this file, where the build puts it. */
  entry?: URL;
  /**
   * Most memory, in MB. A worker that needs more ends, and its tasks with it.
   * @default an eighth of the machine's for a thread, 1024 at most; a quarter of it for a process, 2048 at most
   */
  memoryMb?: number;
}

/**
 * Threads get less: they share the host's process, which V8 ends as a whole when a list or map of numbers doubles
 * beyond what it can address, and that comes soon after 1 GB. A task that runs away should also be over in seconds.
 */
const threadMemoryMb = (): number => Math.min(1024, machineMemoryMb() >> 3);
const processMemoryMb = (): number => Math.min(2048, machineMemoryMb() >> 2);

/**
 * How far V8's own limit lies beyond ours, in MB, where ours is kept from outside: what its largest single object
 * takes, twice, since such an object is copied as it grows.
 */
const headroomMb = 2048;

/**
 * Room for objects just made, in MB, in a thread. A batch is small, so three times as much, which is V8's default,
 * would only be filled with garbage, in every thread.
 */
const youngMb = 16;

/** Spawns worker threads. */
export function threadSpawner(options: NodeWorkerOptions = {}): Spawn {
  const entry = options.entry ?? new URL('./task-thread.js', import.meta.url);
  const limitMb = options.memoryMb ?? threadMemoryMb();
  const guard = new ThreadGuard();
  const outOfMemory = `it ran out of memory (limit ${limitMb} MB)`;
  return (name): SpawnedWorker => {
    // The thread writes its number in the system into it.
    const id = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Worker(entry, {
      name,
      env: {},
      argv: [],
      execArgv: [],
      stdin: false,
      // Kept from this process's own output, which may be a report.
      stdout: true,
      stderr: true,
      workerData: id,
      resourceLimits: {
        maxOldGenerationSizeMb: limitMb + (canGuard ? headroomMb : 0),
        maxYoungGenerationSizeMb: youngMb,
      },
    });
    thread.stdout.resume();
    thread.stderr.resume();
    const onEnd = once((tell) => {
      let cause: string | undefined;
      thread.once('error', (error: Error & { code?: string }) => {
        cause =
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? outOfMemory
            : `uncaught ${error.name}: ${error.message}`;
      });
      thread.once('messageerror', (error) => {
        tell(`a message could not be read: ${error.message}`);
        void thread.terminate();
      });
      const unwatch = guard.watch({
        id: () => id[0] || undefined,
        limitMb,
        end: () => {
          cause ??= outOfMemory;
          void thread.terminate();
        },
      });
      // Its last messages come before this, but may come after an error, and what awaits them has its turn only after
      // this: an answer given must not count as lost.
      thread.once('exit', (code) => {
        unwatch();
        setImmediate(() => tell(cause ?? `it exited with code ${code}`));
      });
    });
    return {
      endpoint: channelEndpoint({
        post: (message, transfer = []) => thread.postMessage(message, transfer as unknown as []),
        subscribe(listener) {
          thread.on('message', listener);
          return () => thread.off('message', listener);
        },
      }),
      terminate: () => void thread.terminate(),
      onEnd,
    };
  };
}

/**
 * Spawns worker threads, the first of them at once: they start while what is to use them is still being loaded.
 * @param cores processor cores that are to be used
 */
export function readyThreads(cores: number): Spawn {
  const spawn = threadSpawner();
  // As the pool that is warmed first names its own.
  const ready = Array.from({ length: Math.min(cores, warmedWorkers) }, (_, i) => spawn(`thread ${i + 1}`));
  return (name) => ready.shift() ?? spawn(name);
}

/** How long the last words of a process that has ended may be on their way, in milliseconds. */
const lastWordsMs = 1000;

/** What V8 says before it ends a process: there is no more room, or a list is larger than there can be. */
const outOfMemoryWords = /out of memory|Reached heap limit|invalid (size|table size|array length)/;

/** Spawns child processes, which know nothing of this one's environment. */
export function processSpawner(options: NodeWorkerOptions = {}): Spawn {
  const entry = fileURLToPath(options.entry ?? new URL('./task-process.js', import.meta.url));
  const memoryMb = options.memoryMb ?? processMemoryMb();
  const guard = new ProcessGuard();
  const outOfMemory = `it ran out of memory (limit ${memoryMb} MB)`;
  return (name): SpawnedWorker => {
    // It must know its parent from the first moment: see `watchParent`.
    const child = fork(entry, [String(process.pid)], {
      env: {},
      execArgv: [`--max-old-space-size=${memoryMb}`, `--title=${name}`],
      // For bytes, see process-channel.ts.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let lastWords = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-4000);
    });
    let unreadable = (_error: Error) => {};
    const onEnd = once((tell) => {
      unreadable = (error) => {
        tell(`a message could not be read: ${error.message}`);
        child.kill('SIGKILL');
      };
      child.once('error', (error) => tell(`it could not be started or reached: ${error.message}`));
      const unwatch = guard.watch({
        id: () => child.pid,
        limitMb: memoryMb,
        end: () => {
          tell(outOfMemory);
          child.kill('SIGKILL');
        },
      });
      const ended = (code: number | null, signal: string | null) =>
        tell(outOfMemoryWords.test(lastWords) ? outOfMemory : endOf(code, signal, lastWords));
      child.once('exit', (code, signal) => {
        unwatch();
        // What it wrote last comes in until its streams close, which a process that it has started may put off.
        setTimeout(ended, lastWordsMs, code, signal).unref();
      });
      child.once('close', ended);
    });
    // Failing to reach a child that is on its way out is told by its exit.
    const send = (bytes: Uint8Array) => void (child.connected && child.send(bytes, () => {}));
    return {
      endpoint: channelEndpoint(processChannel(child, send, (error) => unreadable(error))),
      terminate: () => void child.kill('SIGKILL'),
      onEnd,
    };
  };
}

/** Lets the first of several events tell the reason, whether anybody listens yet or not. */
function once(watch: (tell: (reason: string) => void) => void): SpawnedWorker['onEnd'] {
  let ended: string | undefined;
  const listeners: ((reason: string) => void)[] = [];
  watch((reason) => {
    if (ended !== undefined) return;
    ended = reason;
    for (const listener of listeners) listener(reason);
  });
  return (listener) => {
    if (ended === undefined) listeners.push(listener);
    else listener(ended);
  };
}

function endOf(code: number | null, signal: string | null, lastWords: string): string {
  const uncaught = /^(?:Uncaught )?(\w*Error: .*)$/m.exec(lastWords)?.[1];
  if (uncaught) return `uncaught ${uncaught}`;
  return signal ? `it was ended by ${signal}` : `it exited with code ${code}`;
}
