/**
 * What runs inside every worker, whatever its kind: keeps the programs it was given, so that compiled code lives on
 * from batch to batch, and runs batches one after the other or, where nodes wait rather than compute, side by side.
 *
 * A batch may come while another is under way. Unless that one waits for something, it lies unseen in the worker's
 * event queue until its turn; else it waits here. Its code is not made before its turn either, so that whatever goes
 * wrong until then is not its fault.
 */
import { type Endpoint, expose, type Remote, wrap } from 'comlink';
import type { Batch } from '../engine/executor.ts';
import { HandloomError } from '../errors.ts';
import type { NodeRegistry } from '../nodes/define-node.ts';
import { BatchFrame, type FrameHooks } from './batch-frame.ts';
import { runChain } from './chain.ts';
import { guardedEndpoint } from './endpoint.ts';
import { askForLibraries } from './library-text.ts';
import { failWhole, type LoadedProgram, loadProgram, runBatch } from './node-runner.ts';
import { type Answer, type HowToRun, type Note, type Program, programKey } from './program.ts';
import { remoteAccess, type WorkerBroker } from './remote-access.ts';
import { type CanPost, canClone, NotCloneableError, repairAnswer } from './uncloneable.ts';
import './wire-errors.ts';

/** What the engine's side may call. */
export interface TaskHost {
  install(program: Program): void;
  run(key: string, batch: Batch, how: HowToRun): Promise<Answer>;
  abort(batch: number): void;
  forget(run: string): void;
}
/** One that can take what tasks write to the console. */
export interface LoggingTaskHost extends TaskHost {
  log(message: string): void;
}
export const hostFunctions: ReadonlySet<string> = new Set(['install', 'run', 'abort', 'forget']);

/** How long the code of an aborted task gets to notice before its worker counts as spoilt, in milliseconds. */
const settleMs = 20;

/** Starts of tasks in a batch of many are told at most this often: a message costs more than such tasks do. */
const startEveryMs = 5;

/** A batch that waited for one this long, in milliseconds, may have been taken back by now. */
const longMs = 50;

interface HostedProgram {
  program: Program;
  /** From the first batch that needs it on. */
  loaded?: Promise<LoadedProgram>;
  told: boolean;
}

/** Makes a host; `note` posts a note to the engine's side. */
export function createTaskHost(
  registry: NodeRegistry,
  broker: Remote<WorkerBroker>,
  note: (note: Note) => void,
  canPost: CanPost,
): LoggingTaskHost {
  const programs = new Map<string, HostedProgram>();
  const frames = new Map<number, BatchFrame>();
  /** Settles when those that are run one after the other have all been; undefined when they have. */
  let line: Promise<void> | undefined;
  /** Whether the last of them took long. */
  let wasLong = false;
  /** The batch begun last: whose task writes to the console, as far as can be told. */
  let latest: BatchFrame | undefined;

  function hooksFor(batch: number, { timeoutMs, interleaved }: Program, exact: boolean): FrameHooks {
    const hooks: FrameHooks = {
      access: (of) => remoteAccess(broker, of),
      progressed: (index, fraction) => note({ note: 'progress', batch, index, fraction }),
    };
    // Somebody outside must know which task blocks this thread: where there is a limit, and where tasks share it.
    if (timeoutMs !== undefined || interleaved) {
      let told = Number.NEGATIVE_INFINITY;
      hooks.started = (index) => {
        if (!exact) {
          const now = performance.now();
          if (now - told < startEveryMs) return;
          told = now;
        }
        note({ note: 'start', batch, index, at: Date.now() });
      };
      hooks.yielded = (index) => note({ note: 'yield', batch, index });
    }
    return hooks;
  }

  function load(entry: HostedProgram): Promise<LoadedProgram> {
    if (!entry.loaded) {
      entry.loaded = loadProgram(entry.program, registry.get(entry.program.type));
      // Told by each batch that needs it.
      entry.loaded.catch(() => {});
    }
    return entry.loaded;
  }

  async function carryOut(entry: HostedProgram, batch: Batch, frame: BatchFrame): Promise<Answer> {
    try {
      if (frame.aborted) throw frame.aborted;
      latest = frame;
      const stages = (batch.chain ?? []).map(({ node }) => programs.get(programKey(batch.run, node)));
      for (const stage of stages) if (stage) void load(stage);
      if (!entry.told) note({ note: 'loading', batch: batch.id, index: 0 });
      const loaded = await load(entry);
      if (!entry.told) note({ note: 'loaded', batch: batch.id, index: 0 });
      entry.told = true;
      const result = await runBatch(loaded, frame);
      let { unsettled } = frame;
      // Where some results are gone already, the engine takes the others on, so that they keep their order.
      if (batch.chain && !frame.hasParts) {
        result.chained = await runChain(batch, result, async (stage) => {
          const next = programs.get(programKey(stage.run, stage.node));
          if (!next) throw new HandloomError('program_missing', `This worker was not given ${stage.node}.`);
          const chainedFrame = new BatchFrame(stage, undefined, hooksFor(stage.id, next.program, false));
          // What aborts the batch aborts the part of it that is under way.
          frames.set(batch.id, chainedFrame);
          latest = chainedFrame;
          const given = await runBatch(await load(next), chainedFrame);
          unsettled += chainedFrame.unsettled;
          return given;
        });
      }
      if (unsettled) await new Promise((resolve) => setTimeout(resolve, settleMs));
      return { result, unsettled: unsettled > 0 };
    } catch (thrown) {
      return { result: failWhole(batch, thrown), unsettled: false };
    } finally {
      frames.delete(batch.id);
      if (!latest || ![...frames.values()].includes(latest)) latest = [...frames.values()].at(-1);
    }
  }

  async function inTurn(run: () => Promise<Answer>): Promise<Answer> {
    if (line) {
      await line;
      // The answer to what came before must be on its way first, lest it die with this one.
      await nextTurn();
      // What waited unseen behind it may have been taken back.
    } else if (wasLong) await nextTurn();
    const began = performance.now();
    const answer = await run();
    wasLong = performance.now() - began > longMs;
    return answer;
  }

  /** @throws NotCloneableError naming what keeps a part from being posted */
  async function sendPart(batch: number, index: number, port: string, values: unknown[]): Promise<void> {
    try {
      await broker.part(batch, index, port, values);
    } catch (error) {
      const culprit = values.find((value) => !canPost(value));
      throw culprit === undefined ? error : new NotCloneableError(culprit, 'result', canPost);
    }
  }

  return {
    install(program) {
      programs.set(program.key, { program, told: false });
    },

    run(key, batch, { exact, inParts }) {
      const entry = programs.get(key);
      if (!entry)
        return Promise.reject(
          new HandloomError('program_missing', `This worker was not given the program ${key}.`),
        );
      const { program } = entry;
      const hooks = hooksFor(batch.id, program, exact);
      if (inParts) hooks.part = (index, port, values) => sendPart(batch.id, index, port, values);
      const frame = new BatchFrame(batch, program.timeoutMs, hooks);
      frames.set(batch.id, frame);
      if (program.interleaved) return carryOut(entry, batch, frame);
      const answer = inTurn(() => carryOut(entry, batch, frame));
      const until: Promise<void> = answer.then(() => {
        if (line === until) line = undefined;
      });
      line = until;
      return answer;
    },

    abort(batch) {
      frames.get(batch)?.abort(new HandloomError('cancelled', 'The run was cancelled.'));
    },

    forget(run) {
      for (const [key, { program }] of programs) if (program.run === run) programs.delete(key);
    },

    log(message) {
      latest?.log(latest.current, message, undefined);
    },
  };
}

/** Serves a task host on the worker's end of a channel. `canPost` says what the channel can carry. */
export function serveTaskHost(
  endpoint: Endpoint,
  registry: NodeRegistry,
  canPost: CanPost = canClone,
): LoggingTaskHost {
  const channel = guardedEndpoint(repairing(endpoint, canPost), hostFunctions);
  const broker = wrap<WorkerBroker>(channel);
  askForLibraries((name) => broker.library(name));
  const host = createTaskHost(registry, broker, (note) => endpoint.postMessage(note), canPost);
  expose(host, channel);
  return host;
}

/** An endpoint that mends answers that cannot be posted. */
function repairing(endpoint: Endpoint, canPost: CanPost): Endpoint {
  return {
    addEventListener: endpoint.addEventListener.bind(endpoint),
    removeEventListener: endpoint.removeEventListener.bind(endpoint),
    start: () => endpoint.start?.(),
    postMessage(message, transfer) {
      try {
        endpoint.postMessage(message, transfer);
      } catch (error) {
        const answer = message?.value as Partial<Answer> | undefined;
        if (!answer?.result) throw error;
        // The engine sends the tasks on by itself; what cannot be posted then fails where it belongs.
        delete answer.result.chained;
        repairAnswer(answer as Answer, canPost);
        endpoint.postMessage(message);
      }
    },
  };
}

let channel: MessageChannel | undefined;

/**
 * Lets the event loop take in all that has come; a timer would wait a millisecond or more. A message to oneself may
 * overtake those on other channels, but a second one does not.
 */
async function nextTurn(): Promise<void> {
  const { port1, port2 } = (channel ??= new MessageChannel());
  for (let hop = 0; hop < 2; hop++) {
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
  }
}
