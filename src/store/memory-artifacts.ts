/** Artifacts in memory, and who uses them. */
import type { Claim } from './store.ts';

/** Uses an artifact that was put and not claimed yet. No run has this id. */
export const unclaimed = '';

export class MemoryArtifacts {
  readonly #bytes = new Map<string, Uint8Array>();
  /** Runs and cached results by hash. */
  readonly #users = new Map<string, Set<string>>();

  put(hash: string, bytes: Uint8Array): void {
    this.#keep(hash, bytes);
    this.#usersOf(hash).add(unclaimed);
  }

  claim(run: string, claims: readonly Claim[]): void {
    for (const { hash, bytes } of claims) {
      if (bytes) this.#keep(hash, bytes);
      const users = this.#usersOf(hash);
      users.add(run);
      users.delete(unclaimed);
    }
  }

  get(hash: string): Uint8Array | undefined {
    return this.#bytes.get(hash)?.slice();
  }

  has(hash: string): boolean {
    return this.#bytes.has(hash);
  }

  delete(hash: string): boolean {
    this.#users.delete(hash);
    return this.#bytes.delete(hash);
  }

  /** Bytes of what a user uses. */
  bytesOf(user: string): number {
    let sum = 0;
    for (const [hash, users] of this.#users) if (users.has(user)) sum += this.#bytes.get(hash)?.length ?? 0;
    return sum;
  }

  /** Takes a user from what it uses, all or only these, and removes what nobody uses then. */
  release(user: string, hashes: Iterable<string> = this.#users.keys()): void {
    for (const hash of hashes) {
      const users = this.#users.get(hash);
      if (users?.delete(user) && users.size === 0) this.delete(hash);
    }
  }

  /** Removes what none of these users uses. @returns how many artifacts went */
  sweep(known: ReadonlySet<string>): number {
    let gone = 0;
    for (const [hash, users] of this.#users) {
      for (const user of users) if (!known.has(user)) users.delete(user);
      if (users.size === 0 && this.delete(hash)) gone++;
    }
    return gone;
  }

  #keep(hash: string, bytes: Uint8Array): void {
    if (!this.#bytes.has(hash)) this.#bytes.set(hash, bytes.slice());
  }

  #usersOf(hash: string): Set<string> {
    let users = this.#users.get(hash);
    if (!users) this.#users.set(hash, (users = new Set()));
    return users;
  }
}
