/**
 * Columns in their one canonical form: a single run of values, no bitmap where nothing is null, zero where
 * something is. Equal values give equal bytes, which is what a content hash needs.
 */
import { type Data, DataType, type Field, makeData, Type } from 'apache-arrow';

/** A value as a column stores it: micros, days and unscaled decimals as integers; null for nothing. */
export type Stored =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Stored[]
  | Map<string, Stored>
  | [Stored, Stored][];

/** Makes the column of a kept type; `values[i]` must be what {@link Stored} says for it. */
export function buildColumn(type: DataType, values: Stored[]): Data {
  const length = values.length;
  const { nullBitmap, nullCount } = bitmapOf(values);
  const common = { type: type as never, length, nullCount, nullBitmap };
  const make = (rest: Record<string, unknown>): Data => makeData({ ...common, ...rest } as never);

  if (DataType.isBool(type)) return make({ data: packBits(values, (value) => value === true) });
  if (DataType.isUtf8(type)) return make(joinText(values));
  if (DataType.isBinary(type)) return make(joinBytes(values as (Uint8Array | null)[]));
  if (DataType.isDecimal(type)) return make({ data: packDecimals(values) });
  if (DataType.isList(type)) {
    const { valueOffsets, items } = flatten(values as (Stored[] | null)[]);
    return make({ valueOffsets, child: buildColumn((type.children[0] as Field).type, items) });
  }
  if (DataType.isMap(type)) {
    const { valueOffsets, items } = flatten(values as ([Stored, Stored][] | null)[]);
    const entries = (type.children[0] as Field).type as DataType;
    const [key, value] = entries.children as Field[];
    const children = [
      buildColumn(
        key?.type as DataType,
        items.map((entry) => (entry as [Stored, Stored])[0]),
      ),
      buildColumn(
        value?.type as DataType,
        items.map((entry) => (entry as [Stored, Stored])[1]),
      ),
    ];
    const child = makeData({ type: entries as never, length: items.length, nullCount: 0, children } as never);
    return make({ valueOffsets, child });
  }
  if (DataType.isStruct(type)) {
    const children = (type.children as Field[]).map((field) =>
      buildColumn(
        field.type,
        values.map((value) => (value as Map<string, Stored> | null)?.get(field.name) ?? null),
      ),
    );
    return make({ children });
  }
  return make({ data: packNumbers(type, values) });
}

/** Whether a column of this type keeps its values as 64-bit integers. */
export function isWide(type: DataType): boolean {
  return (
    (type.typeId === Type.Int && (type as unknown as { bitWidth: number }).bitWidth === 64) ||
    DataType.isTimestamp(type) ||
    DataType.isTime(type)
  );
}

function packNumbers(type: DataType, values: Stored[]): ArrayBufferView {
  const data = new (type.ArrayType as new (length: number) => ArrayBufferView)(values.length);
  if (isWide(type)) {
    const wide = data as BigInt64Array;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value != null) wide[i] = typeof value === 'bigint' ? value : BigInt(value as number);
    }
  } else {
    const narrow = data as Float64Array;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      // Adding 0 turns -0 into 0, and every NaN is the same one.
      if (value != null) narrow[i] = Number.isNaN(value) ? Number.NaN : Number(value) + 0;
    }
  }
  return data;
}

function packDecimals(values: Stored[]): Uint32Array {
  const data = new Uint32Array(values.length * 4);
  const wide = new BigUint64Array(data.buffer);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value == null) continue;
    const unscaled = BigInt(value as bigint);
    wide[i * 2] = BigInt.asUintN(64, unscaled);
    wide[i * 2 + 1] = BigInt.asUintN(64, unscaled >> 64n);
  }
  return data;
}

export function packBits(values: ArrayLike<unknown>, isSet: (value: never) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 64) * 8);
  for (let i = 0; i < values.length; i++) {
    if (isSet(values[i] as never)) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  }
  return bits;
}

function bitmapOf(values: Stored[]): { nullBitmap: Uint8Array | undefined; nullCount: number } {
  let nullCount = 0;
  for (const value of values) if (value == null) nullCount++;
  return { nullBitmap: nullCount ? packBits(values, (value) => value != null) : undefined, nullCount };
}

function joinText(values: Stored[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(values.length + 1);
  const encoder = new TextEncoder();
  let data = new Uint8Array(Math.max(64, values.length * 8));
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value != null && value !== '') {
      const text = value as string;
      // UTF-8 takes at most three bytes for each UTF-16 unit.
      if (at + text.length * 3 > data.length) {
        const grown = new Uint8Array(Math.max(data.length * 2, at + text.length * 3));
        grown.set(data.subarray(0, at));
        data = grown;
      }
      at += encoder.encodeInto(text, data.subarray(at)).written;
    }
    valueOffsets[i + 1] = at;
  }
  return { valueOffsets, data: data.slice(0, at) };
}

function joinBytes(values: (Uint8Array | null)[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [i, value] of values.entries())
    valueOffsets[i + 1] = (valueOffsets[i] as number) + (value?.length ?? 0);
  const data = new Uint8Array(valueOffsets[values.length] as number);
  for (const [i, value] of values.entries()) if (value) data.set(value, valueOffsets[i]);
  return { valueOffsets, data };
}

function flatten<T extends Stored | [Stored, Stored]>(
  values: (T[] | null)[],
): { valueOffsets: Int32Array; items: T[] } {
  const valueOffsets = new Int32Array(values.length + 1);
  const items: T[] = [];
  for (const [i, value] of values.entries()) {
    if (value) for (const item of value) items.push(item);
    valueOffsets[i + 1] = items.length;
  }
  return { valueOffsets, items };
}
