/** The objects met on the way through one value, to tell one that comes again. */

/** As many as nearly every payload holds. */
const few = 16;

/**
 * A set that costs nothing as long as it is small. A `Set` that is cleared for each of a million payloads leaves a
 * million tables behind, each held by the one before it: once one of them is old, none is young garbage any more.
 */
export class MetObjects {
  readonly #few: (object | undefined)[] = new Array(few);
  #many: Set<object> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  clear(): void {
    for (let i = 0; i < this.#size && i < few; i++) this.#few[i] = undefined;
    this.#many = undefined;
    this.#size = 0;
  }

  has(object: object): boolean {
    if (this.#many) return this.#many.has(object);
    for (let i = 0; i < this.#size; i++) if (this.#few[i] === object) return true;
    return false;
  }

  /** Takes in one that has not been met. */
  add(object: object): void {
    if (this.#size < few) this.#few[this.#size] = object;
    else {
      this.#many ??= new Set(this.#few as object[]);
      this.#many.add(object);
    }
    this.#size++;
  }
}
