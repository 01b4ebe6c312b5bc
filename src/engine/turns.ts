/** Lets what is asked of one thing be done one after the other, in the order it was asked. */
export class Turns {
  /** The turn taken last, by key; kept only while it lasts. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does the work when all that was asked before under this key is done, whether that went well or not. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work, work);
    this.#last.set(key, turn);
    const done = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(done, done);
    return turn;
  }
}
