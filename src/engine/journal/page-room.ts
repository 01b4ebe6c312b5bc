/** How much one page of a list holds: so many rows, and of large ones fewer. One row always comes. */
import { roughSize } from '../values/rough-size.ts';
import { storedIn } from '../values/stored-parts.ts';

/** Bytes of rows, about, with the content of what they refer to. */
const largestPage = 16e6;

/** Bytes that rows have taken, for lists that are told together. */
export interface TakenRoom {
  bytes: number;
}

export class PageRoom {
  readonly #limit: number;
  readonly #taken: TakenRoom;
  #rows = 0;

  /**
   * @param limit most rows
   * @param taken what lists before it have taken of the same room
   */
  constructor(limit: number, taken: TakenRoom = { bytes: 0 }) {
    this.#limit = limit;
    this.#taken = taken;
  }

  /** Takes a row in. @returns false where it does not fit */
  take(row: unknown): boolean {
    if (this.#rows === this.#limit) return false;
    const bytes = this.#taken.bytes + weightOf(row);
    if (this.#rows > 0 && bytes > largestPage) return false;
    this.#taken.bytes = bytes;
    this.#rows++;
    return true;
  }
}

function weightOf(row: unknown): number {
  let bytes = roughSize(row);
  for (const stored of storedIn(row)) bytes += stored.bytes;
  return bytes;
}
