/** A worker reached through Comlink, over whatever channel it has. */
import { expose, type Remote, wrap } from 'comlink';
import type { Batch } from '../engine/executor.ts';
import { HandloomError } from '../errors.ts';
import { isAnswer } from './answer-check.ts';
import { guardedEndpoint } from './endpoint.ts';
import type { Answer, HowToRun, Note, Program } from './program.ts';
import { brokerFunctions, type WorkerBroker } from './remote-access.ts';
import type { TaskHost } from './task-host.ts';
import './wire-errors.ts';
import type { SpawnedWorker, WorkerHandle, WorkerListener } from './worker-handle.ts';

export class ComlinkHandle implements WorkerHandle {
  readonly name: string;
  readonly #worker: SpawnedWorker;
  // Taken from the proxy once: each look-up on a Comlink proxy makes and registers another proxy.
  readonly #install: Remote<TaskHost>['install'];
  readonly #run: Remote<TaskHost>['run'];
  readonly #abort: Remote<TaskHost>['abort'];
  readonly #forget: Remote<TaskHost>['forget'];
  /** Holds the proxy, which Comlink would otherwise release. */
  readonly #host: Remote<TaskHost>;
  readonly #failedInstalls = new Map<string, unknown>();
  #over = false;

  constructor(name: string, worker: SpawnedWorker, broker: WorkerBroker, listener: WorkerListener) {
    this.name = name;
    this.#worker = worker;
    const { endpoint } = worker;
    const channel = guardedEndpoint(
      {
        addEventListener: endpoint.addEventListener.bind(endpoint),
        removeEventListener: endpoint.removeEventListener.bind(endpoint),
        start: () => endpoint.start?.(),
        postMessage: (message, transfer) => {
          if (!this.#over) endpoint.postMessage(message, transfer);
        },
      },
      brokerFunctions,
      (note) => {
        if (!this.#over && isNote(note)) listener.note(note);
      },
    );
    expose(broker, channel);
    this.#host = wrap<TaskHost>(channel);
    ({ install: this.#install, run: this.#run, abort: this.#abort, forget: this.#forget } = this.#host);
    worker.onEnd((reason) => {
      if (this.#over) return;
      this.#over = true;
      listener.ended(reason);
    });
  }

  install(program: Program): void {
    // Told by the batches that need it.
    this.#install(program).catch((error: unknown) => this.#failedInstalls.set(program.key, error));
  }

  async run(key: string, batch: Batch, how: HowToRun): Promise<Answer> {
    const answer = await this.#run(key, batch, how).catch((error: unknown) => {
      throw this.#failedInstalls.get(key) ?? error;
    });
    if (!isAnswer(answer, batch))
      throw new HandloomError('bad_answer', 'The worker gave an answer that makes no sense.');
    // Parts come by another way.
    delete answer.result.parts;
    answer.result.worker = this.name;
    for (const result of answer.result.chained ?? []) {
      delete result.parts;
      result.worker = this.name;
    }
    return answer;
  }

  abort(batch: number): void {
    void this.#abort(batch);
  }

  forget(run: string): void {
    void this.#forget(run);
  }

  kill(): void {
    this.#over = true;
    this.#worker.terminate();
  }
}

/** A worker runs code of the user's, which may post what it likes. */
function isNote(note: Record<string, unknown>): note is Note & Record<string, unknown> {
  if (!Number.isInteger(note.batch) || !Number.isInteger(note.index)) return false;
  return (
    note.note === 'loading' ||
    note.note === 'loaded' ||
    (note.note === 'start' && Number.isFinite(note.at)) ||
    note.note === 'yield' ||
    (note.note === 'progress' && typeof note.fraction === 'number')
  );
}
