/** A set of small numbers, served in the order of their ranks. Adding and removing cost O(log n) and a short move. */
export class RankedSet {
  readonly #rank: readonly number[];
  /** Members, lowest rank first. */
  #members: number[] = [];

  constructor(rank: readonly number[]) {
    this.#rank = rank;
  }

  get first(): number | undefined {
    return this.#members[0];
  }

  add(member: number): void {
    const at = this.#find(member);
    if (this.#members[at] !== member) this.#members.splice(at, 0, member);
  }

  delete(member: number): void {
    const at = this.#find(member);
    if (this.#members[at] === member) this.#members.splice(at, 1);
  }

  clear(): void {
    this.#members = [];
  }

  #find(member: number): number {
    const rank = this.#rank[member] as number;
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rank[this.#members[middle] as number] as number) < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
