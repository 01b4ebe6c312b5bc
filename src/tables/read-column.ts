/** Values out of Arrow columns: as they are stored, or as JavaScript sees them. */
import { type Data, DataType, type Field } from 'apache-arrow';
import { isWide, type Stored } from './build-column.ts';

export type Getter<T> = (index: number) => T;

/** Reads a column's values as {@link Stored}; the data may come from any writer. */
export function storedGetter(data: Data): Getter<Stored> {
  const type = data.type as DataType;
  const get = rawGetter(data, type);
  if (!data.nullBitmap?.length || data.nullCount === 0) return get;
  const bitmap = data.nullBitmap;
  const offset = data.offset;
  return (i) => ((bitmap[(i + offset) >> 3] as number) & (1 << ((i + offset) & 7)) ? get(i) : null);
}

function rawGetter(data: Data, type: DataType): Getter<Stored> {
  const values = data.values as ArrayLike<number>;
  const offsets = data.valueOffsets as Int32Array;
  if (DataType.isBool(type)) {
    return (i) => ((values[(i + data.offset) >> 3] as number) & (1 << ((i + data.offset) & 7))) !== 0;
  }
  if (DataType.isUtf8(type)) {
    const bytes = data.values as Uint8Array;
    const decoder = new TextDecoder();
    return (i) => decodeText(decoder, bytes, offsets[i] as number, offsets[i + 1] as number);
  }
  if (DataType.isBinary(type)) return (i) => (data.values as Uint8Array).slice(offsets[i], offsets[i + 1]);
  if (DataType.isDecimal(type)) return decimalGetter(data.values as Uint32Array);
  if (DataType.isList(type)) {
    const item = storedGetter(data.children[0] as Data);
    return (i) => range(offsets[i] as number, offsets[i + 1] as number, item);
  }
  if (DataType.isMap(type)) {
    const entries = data.children[0] as Data;
    const key = storedGetter(entries.children[0] as Data);
    const value = storedGetter(entries.children[1] as Data);
    return (i) =>
      range(offsets[i] as number, offsets[i + 1] as number, (j): [Stored, Stored] => [key(j), value(j)]);
  }
  if (DataType.isStruct(type)) {
    const fields = (type.children as Field[]).map((field, at) => ({
      name: field.name,
      get: storedGetter(data.children[at] as Data),
    }));
    return (i) => new Map(fields.map((field) => [field.name, field.get(i)]));
  }
  return (i) => values[i] as Stored;
}

/** Short ASCII is quicker by hand than through a TextDecoder. */
function decodeText(decoder: TextDecoder, bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 24) return decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte > 127) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

function decimalGetter(values: Uint32Array): Getter<bigint> {
  return (i) => {
    let unscaled = 0n;
    for (let word = 3; word >= 0; word--)
      unscaled = (unscaled << 32n) | BigInt(values[i * 4 + word] as number);
    return BigInt.asIntN(128, unscaled);
  };
}

function range<T>(start: number, end: number, get: Getter<T>): T[] {
  const items: T[] = [];
  for (let i = start; i < end; i++) items.push(get(i));
  return items;
}

/** Turns stored values of a type into JavaScript's: numbers where they are exact, dates, arrays, objects. */
export function converter(type: DataType): (value: Stored) => unknown {
  const convert = convertValid(type);
  return (value) => (value === null ? null : convert(value));
}

const milli = 1000n;

function convertValid(type: DataType): (value: Stored) => unknown {
  if (DataType.isDate(type)) return (days) => new Date((days as number) * 86_400_000);
  if (DataType.isTimestamp(type)) return (micros) => new Date(Number(floorDivide(micros as bigint, milli)));
  if (DataType.isTime(type)) return (micros) => timeText(micros as bigint);
  if (DataType.isDecimal(type)) {
    const { scale } = type;
    if (scale === 0) return (unscaled) => exact(unscaled as bigint);
    return (unscaled) => Number(decimalText(unscaled as bigint, scale));
  }
  if (isWide(type)) return (value) => exact(value as bigint);
  if (DataType.isList(type)) {
    const item = converter((type.children[0] as Field).type);
    return (items) => (items as Stored[]).map(item);
  }
  if (DataType.isStruct(type)) {
    const fields = (type.children as Field[]).map((field) => [field.name, converter(field.type)] as const);
    return (value) => {
      const record: Record<string, unknown> = {};
      for (const [name, convert] of fields)
        setField(record, name, convert((value as Map<string, Stored>).get(name) ?? null));
      return record;
    };
  }
  if (DataType.isMap(type)) {
    const [key, value] = ((type.children[0] as Field).type.children as Field[]).map((field) =>
      converter(field.type),
    );
    return (entries) => {
      const record: Record<string, unknown> = {};
      for (const [k, v] of entries as [Stored, Stored][]) setField(record, String(key?.(k)), value?.(v));
      return record;
    };
  }
  return (value) => value;
}

/** Sets a field whatever its name; `__proto__` too becomes a plain field. */
export function setField(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true });
  else record[name] = value;
}

const exact = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

const floorDivide = (value: bigint, by: bigint): bigint => (value - (((value % by) + by) % by)) / by;

export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale || undefined)}${scale ? `.${digits.slice(-scale)}` : ''}`;
}

function timeText(micros: bigint): string {
  const second = micros / 1_000_000n;
  const fraction = micros % 1_000_000n;
  const part = (value: bigint) => value.toString().padStart(2, '0');
  const clock = `${part(second / 3600n)}:${part((second / 60n) % 60n)}:${part(second % 60n)}`;
  return fraction ? `${clock}.${fraction.toString().padStart(6, '0').replace(/0+$/, '')}` : clock;
}
