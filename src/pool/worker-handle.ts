/** One worker as a pool sees it, and one worker as it comes from whoever makes it. */
import type { Endpoint } from 'comlink';
import type { Batch } from '../engine/executor.ts';
import type { Answer, HowToRun, Note, Program } from './program.ts';

/** A worker of any kind, just made: a channel to it, and a way to end it. */
export interface SpawnedWorker {
  endpoint: Endpoint;
  /**
   * Ends it at once, whatever it is doing. Nothing more is heard of it; in Chromium, code that never lets go keeps its
   * core for two seconds more, which the browser gives every worker to end by itself.
   */
  terminate(): void;
  /** Calls back once, with the reason, when it ends by itself or cannot go on. */
  onEnd(listener: (reason: string) => void): void;
}

/** Makes a worker; `name` is for people. Throws, or ends with a reason, when it cannot. */
export type Spawn = (name: string) => SpawnedWorker;

/** What a pool hears from a worker. */
export interface WorkerListener {
  note(note: Note): void;
  /** The worker ended without having been killed. */
  ended(reason: string): void;
}

export interface WorkerHandle {
  readonly name: string;
  /** Sends a program ahead of its batches; a program that cannot be made fails the tasks of its batches. */
  install(program: Program): void;
  /**
   * Rejects when the reply cannot be read; never settles when the worker ends.
   */
  run(key: string, batch: Batch, how: HowToRun): Promise<Answer>;
  /** Aborts the signals of a batch; it then answers as soon as its code lets it. */
  abort(batch: number): void;
  /** Drops the programs of a run. */
  forget(run: string): void;
  kill(): void;
}

/** Workers started before there is work: enough for small graphs; large ones have time to start the others. */
export const warmedWorkers = 4;
