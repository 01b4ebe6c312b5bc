/**
 * Journal chunks, and single values, as bytes: one format for every store.
 *
 * ```
 * byte 0      format
 * bytes 1–4   CRC-32 of the rest, exclusive-or the format from 2 on, big-endian
 * the rest    MessagePack: [summary as JSON text, entries, patches, heap cells]
 * ```
 * Columns of task numbers are folded (`number-column.ts`). Payloads that MessagePack carries exactly stand where they
 * were. The others are left out there and listed as patches (entry, field, position or -1, cell number) into one heap
 * of cells, see `heap-format.ts`. An entry whose payloads were packed beforehand (`src/engine/values/packed.ts`) holds
 * their bytes, which are a frame of their own.
 *
 * msgpackr's own structured cloning is not used: it loses `-0`, lone surrogates, stacks of errors, cycles through
 * errors, holes and keys like `__proto__`. Its record extension keeps the keys of repeated shapes once a chunk; the
 * shapes are inside the chunk, never shared between chunks.
 */
import { Packr } from 'msgpackr/pack';
import type { ChunkSummary, JournalChunk, JournalEntry } from '../engine/journal/journal.ts';
import { upToDate } from '../engine/journal/journal-versions.ts';
import type { Packed } from '../engine/values/packed.ts';
import { StoreError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import type { HeapCell } from './heap-format.ts';
import { readHeap } from './heap-reader.ts';
import { HeapWriter } from './heap-writer.ts';
import { foldNumbers, type NumberColumn, unfoldNumbers } from './number-column.ts';
import { isPlain } from './plain-value.ts';

/** Of single values, and, once, of chunks. */
const plainFormat = 1;
/** Of chunks: columns of numbers are folded. */
const foldedFormat = 2;
const headerBytes = 5;

type Patch = [entry: number, field: string, position: number, cell: number];
type Frame = [summary: string, entries: object[], patches: Patch[] | null, cells: HeapCell[] | null];

// Never given `structures`: each pack starts without any, so that every chunk stands alone.
const packr = new Packr({ moreTypes: false, useBigIntExtension: true, useToJSON: false, copyBuffers: false });

/**
 * A chunk as bytes.
 * @throws StoreError `value_not_storable` when a payload holds a function, a symbol or a host object.
 */
export function encodeChunk(chunk: JournalChunk): Uint8Array {
  const { entries, ...summary } = chunk;
  return seal(encodeFrame(JSON.stringify(summary), entries), foldedFormat);
}

/**
 * The chunk these bytes hold.
 * @throws StoreError `chunk_damaged` naming run and first sequence number, when they are not what was written;
 * `journal_newer`, `store_newer`
 */
export function decodeChunk(bytes: Uint8Array, run: string, first: number): JournalChunk {
  const damaged = (cause?: unknown) =>
    new StoreError(
      'chunk_damaged',
      `The journal of run ${run} is damaged in the chunk from entry ${first} on.`,
      {
        details: { run, first },
        cause,
      },
    );
  let chunk: JournalChunk;
  try {
    const [summary, entries] = decodeFrame(open(bytes));
    for (const entry of entries) unpack(entry);
    chunk = { ...(JSON.parse(summary) as ChunkSummary), entries: entries as JournalEntry[] };
  } catch (error) {
    throw isNewer(error) ? error : damaged(error);
  }
  if (chunk.run !== run || chunk.first !== first) throw damaged();
  return upToDate(chunk);
}

/** Any structured-cloneable value as bytes. @throws StoreError `value_not_storable` */
export function encodeValue(value: unknown): Uint8Array {
  return seal(encodeFrame('', [{ value }]));
}

/** The value these bytes hold. @throws StoreError `value_damaged`, `store_newer` */
export function decodeValue(bytes: Uint8Array): unknown {
  return (decodeEntries(bytes)[0] as { value: unknown }).value;
}

/** Payloads as bytes, judged item by item. @throws StoreError `value_not_storable` */
export const encodeList = (payloads: unknown[]): Uint8Array => seal(encodeFrame('', [{ payloads }]));

/** The payloads these bytes hold. @throws StoreError `value_damaged` */
export const decodeList = (bytes: Uint8Array): unknown[] =>
  (decodeEntries(bytes)[0] as { payloads: unknown[] }).payloads;

/** Puts payloads that were stored as bytes of their own where they belong. */
function unpack(entry: {
  kind?: string;
  packed?: Uint8Array;
  payloads?: unknown[];
  values?: unknown[];
}): void {
  if (!entry.packed) return;
  entry[entry.kind === 'output' ? 'values' : 'payloads'] = decodeList(entry.packed);
  delete entry.packed;
}

/** A value, and lists of payloads by name, as bytes: a list of a million is judged item by item, not as one value. */
export function encodeWithLists(value: unknown, lists: readonly [name: string, unknown[]][]): Uint8Array {
  return seal(encodeFrame('', [{ value }, ...lists.map(([name, payloads]) => ({ name, payloads }))]));
}

/** What {@link encodeWithLists}, or {@link encodeValue}, was given. @throws StoreError `value_damaged` */
export function decodeWithLists(bytes: Uint8Array): { value: unknown; lists: [string, unknown[]][] } {
  const [{ value }, ...lists] = decodeEntries(bytes) as [{ value: unknown }, ...NamedList[]];
  return { value, lists: lists.map(({ name, payloads }) => [name, payloads]) };
}

interface NamedList {
  name: string;
  payloads: unknown[];
}

function decodeEntries(bytes: Uint8Array): object[] {
  try {
    return decodeFrame(open(bytes))[1];
  } catch (cause) {
    throw isNewer(cause) ? cause : new StoreError('value_damaged', 'A stored value is damaged.', { cause });
  }
}

/** Columns of payloads: judged item by item, so that an odd payload does not slow the others down. */
const payloadColumns = new Set(['payloads', 'values', 'errors']);
/** Columns of numbers, which the engine makes itself. */
const numberColumns = ['tasks', 'attempts', 'parents', 'partners'] as const;
const numberColumnNames: ReadonlySet<string> = new Set(numberColumns);

function encodeFrame(summary: string, entries: readonly object[]): Frame {
  const patches: Patch[] = [];
  const heap = new HeapWriter();
  const plain = entries.map((entry, e) => {
    // Copied only when something is taken out of it.
    let kept: Record<string, unknown> | undefined;
    const keep = (field: string, value: unknown) => {
      kept ??= { ...entry };
      kept[field] = value;
    };
    for (const [field, value] of Object.entries(entry)) {
      if (numberColumnNames.has(field)) {
        const column = foldNumbers(value);
        if (column !== value) keep(field, column);
        continue;
      }
      if (field === 'packed') {
        keep(field, (value as Packed).bytes);
        continue;
      }
      if (payloadColumns.has(field) && Array.isArray(value)) {
        let column: unknown[] | undefined;
        for (let i = 0; i < value.length; i++) {
          if (isPlain(value[i])) continue;
          patches.push([e, field, i, heap.add(value[i])]);
          column ??= [...value];
          column[i] = null;
        }
        if (column) keep(field, column);
      } else if (!isPlain(value)) {
        patches.push([e, field, -1, heap.add(value)]);
        keep(field, null);
      }
    }
    return kept ?? entry;
  });
  return patches.length ? [summary, plain, patches, heap.finish()] : [summary, plain, null, null];
}

function decodeFrame([summary, entries, patches, cells]: Frame): [summary: string, entries: object[]] {
  if (patches && cells) {
    const read = readHeap(cells);
    for (const [e, field, position, cell] of patches) {
      const entry = entries[e] as Record<string, unknown>;
      if (position < 0) entry[field] = read(cell);
      else (entry[field] as unknown[])[position] = read(cell);
    }
  }
  for (const entry of entries as Partial<Record<string, NumberColumn>>[]) {
    for (const field of numberColumns) {
      const column = entry[field];
      if (column !== undefined) entry[field] = unfoldNumbers(column);
    }
  }
  return [summary, entries];
}

function seal(frame: Frame, format = plainFormat): Uint8Array {
  const body = packr.pack(frame);
  const bytes = new Uint8Array(headerBytes + body.length);
  bytes.set(body, headerBytes);
  bytes[0] = format;
  new DataView(bytes.buffer).setUint32(1, checksum(format, bytes.subarray(headerBytes)));
  return bytes;
}

function open(bytes: Uint8Array): Frame {
  if (bytes.length <= headerBytes) throw new RangeError('too short');
  const format = bytes[0] as number;
  if (format < plainFormat) throw new RangeError(`unknown format ${format}`);
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  const body = bytes.subarray(headerBytes);
  if (checksum(format, body) !== sum) throw new RangeError('checksum does not match');
  if (format > foldedFormat)
    throw new StoreError('store_newer', 'The stored data was written by a newer version.', {
      details: { format },
    });
  return packr.unpack(body) as Frame;
}

/** Covers the format too, so that a flipped bit does not look like the work of a newer version. */
const checksum = (format: number, body: Uint8Array): number =>
  (crc32(body) ^ (format === plainFormat ? 0 : format)) >>> 0;

const isNewer = (error: unknown): boolean => error instanceof StoreError && error.code === 'store_newer';
