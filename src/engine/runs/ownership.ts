/** In which process a run lives, where several work on one store, and what is refused because of it. */
import { ConflictError } from '../../errors.ts';
import { hasEnded, type RunStatus, type RunSummary } from '../../schema/run.ts';

export interface OwnershipOptions {
  /** Names this process. */
  owner?: string;
  /** Whether another process of that name still runs. @default () => false */
  isAlive?: (owner: string) => boolean;
}

export class Ownership {
  readonly #options: OwnershipOptions;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** What this process writes down as its own. */
  get owner(): string | undefined {
    return this.#options.owner;
  }

  /** Whether another process that still runs keeps runs under this name. */
  isElsewhere(owner: string | undefined): boolean {
    const { owner: self, isAlive } = this.#options;
    return owner !== undefined && owner !== self && (isAlive?.(owner) ?? false);
  }

  /**
   * Makes sure that a run, which does not live here, was left unfinished by a host that is no more.
   * @throws ConflictError `run_ended`; `run_live` elsewhere
   */
  checkInterrupted({ id, status, owner }: RunSummary): void {
    if (hasEnded(status)) throw runEnded(id, status);
    this.checkNotElsewhere({ id, owner });
  }

  /** @throws ConflictError `run_live` while another process that still runs keeps the run */
  checkNotElsewhere({ id, owner }: { id: string; owner?: string | undefined }): void {
    if (this.isElsewhere(owner)) throw runLive(id, `The run is under way in another process: ${owner}.`);
  }
}

export const runLive = (id: string, message: string): ConflictError =>
  new ConflictError('run_live', message, { details: { id } });

export const runNotLive = (id: string): ConflictError =>
  new ConflictError('run_not_live', 'The run is not under way, since its host has ended: resume it.', {
    details: { id },
  });

const runEnded = (id: string, status: RunStatus): ConflictError =>
  new ConflictError('run_ended', `The run has ended already: ${status}.`, { details: { id, status } });
