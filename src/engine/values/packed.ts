/**
 * What one task gives, where that is much: a splitter makes a million tasks of one payload. Its results leave the
 * worker in parts as they arise, and wait for the task's end as the bytes they will be stored as; a million small
 * objects are some tens of MB so, not hundreds. The engine does not look into them: with the task's end it writes
 * them into the journal as they are, and the queues read them back from there when their turn comes.
 *
 * Nothing of a part counts before the task's end is recorded, together with all of them: a worker or a host that dies
 * halfway leaves nothing behind. That is why parts are not written into the journal one by one.
 */

/** Values as the bytes they are stored as. */
export interface Packed {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** For the few who need the values at once: a collection, a subgraph, a node that tells duplicates. */
  unpack(): unknown[];
}

/** Makes bytes of values. @throws StoreError `value_not_storable` */
export type Pack = (values: unknown[]) => Promise<Packed>;

/** Some of what a task gave, to one port. */
export interface ResultPart {
  /** Position of the task in its batch. */
  index: number;
  port: string;
  packed: Packed;
}
