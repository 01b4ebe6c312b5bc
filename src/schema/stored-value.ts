/**
 * A large value as it travels in payloads inside the engine: a reference to an artifact, never the content. Whoever
 * hands a payload out, to a worker or to a person, fetches the content first.
 */
export class StoredValue {
  /** Content hash of the value's bytes, by which the artifact is found. */
  readonly hash: string;
  /** Size of the artifact. */
  readonly bytes: number;
  /** Canonical key of the content, where the run has nodes that tell equal payloads. */
  readonly key: string | undefined;
  /** The content itself holds stored values. */
  readonly nested: boolean;

  constructor(hash: string, bytes: number, more: { key?: string | undefined; nested?: boolean } = {}) {
    this.hash = hash;
    this.bytes = bytes;
    this.key = more.key;
    this.nested = more.nested ?? false;
  }
}
