/** How much one page of a list holds: so many rows, and of large ones fewer. One row always comes. */
import { roughSize } from '../values/rough-size.ts';
import { storedIn } from '../values/stored-parts.ts';

/** Bytes of rows, about, with the content of what they refer to. */
const largestPage = 16e6;

export class PageRoom {
  readonly #limit: number;
  #rows = 0;
  #bytes = 0;

  /** @param limit most rows */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a row in. @returns false where it does not fit */
  take(row: unknown): boolean {
    if (this.#rows === this.#limit) return false;
    this.#bytes += weightOf(row);
    if (this.#rows > 0 && this.#bytes > largestPage) return false;
    this.#rows++;
    return true;
  }
}

function weightOf(row: unknown): number {
  let bytes = roughSize(row);
  for (const stored of storedIn(row)) bytes += stored.bytes;
  return bytes;
}
