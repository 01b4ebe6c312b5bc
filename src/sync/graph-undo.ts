/** Undo and redo of one editor's own changes; what others did stays. */
import * as Y from 'yjs';

export interface GraphUndoOptions {
  /**
   * Changes of one kind (typing in one field, dragging the same nodes) that follow within so many ms are one step.
   * @default 600
   */
  captureTimeoutMs?: number;
}

export class GraphUndo {
  readonly #manager: Y.UndoManager;
  readonly #onDestroy: () => void;
  #gesture: string | undefined;

  constructor(
    scope: Y.AbstractType<unknown>[],
    origin: unknown,
    options: GraphUndoOptions,
    onDestroy: () => void,
  ) {
    this.#manager = new Y.UndoManager(scope, {
      trackedOrigins: new Set([origin]),
      captureTimeout: options.captureTimeoutMs ?? 600,
    });
    this.#onDestroy = onDestroy;
  }

  /** A change is about to be made. Only the same named gesture as before may join the last step. */
  begin(gesture: string | undefined): void {
    if (gesture === undefined || gesture !== this.#gesture) this.#manager.stopCapturing();
    this.#gesture = gesture;
  }

  /** Takes back the last step. @returns whether there was one */
  undo(): boolean {
    this.#gesture = undefined;
    return this.#manager.undo() !== null;
  }

  redo(): boolean {
    this.#gesture = undefined;
    return this.#manager.redo() !== null;
  }

  get canUndo(): boolean {
    return this.#manager.canUndo();
  }

  get canRedo(): boolean {
    return this.#manager.canRedo();
  }

  /** Calls back when `canUndo` or `canRedo` may have changed; the returned function ends it. */
  observe(onChange: () => void): () => void {
    const events = ['stack-item-added', 'stack-item-popped', 'stack-cleared'] as const;
    for (const event of events) this.#manager.on(event, onChange);
    return () => {
      for (const event of events) this.#manager.off(event, onChange);
    };
  }

  clear(): void {
    this.#manager.clear();
  }

  destroy(): void {
    this.#manager.destroy();
    this.#onDestroy();
  }
}
