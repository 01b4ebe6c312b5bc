/**
 * The column types of a kept table: a small set that SQL, Arrow and JavaScript all have, so that a table is the
 * same whichever host made it. What DuckDB has beyond it is cast on the way in.
 */
import {
  Binary,
  Bool,
  DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';

const arrowTypes: Record<string, () => DataType> = {
  BOOLEAN: () => new Bool(),
  TINYINT: () => new Int8(),
  SMALLINT: () => new Int16(),
  INTEGER: () => new Int32(),
  BIGINT: () => new Int64(),
  UTINYINT: () => new Uint8(),
  USMALLINT: () => new Uint16(),
  UINTEGER: () => new Uint32(),
  UBIGINT: () => new Uint64(),
  FLOAT: () => new Float32(),
  DOUBLE: () => new Float64(),
  VARCHAR: () => new Utf8(),
  BLOB: () => new Binary(),
  DATE: () => new DateDay(),
  TIME: () => new TimeMicrosecond(),
  TIMESTAMP: () => new TimestampMicrosecond(),
};

/** Types beyond the set, and what they are cast to; whatever is not named here becomes text. */
const castTo: Record<string, string> = {
  HUGEINT: 'DECIMAL(38,0)',
  UHUGEINT: 'DECIMAL(38,0)',
  TIMESTAMP_S: 'TIMESTAMP',
  TIMESTAMP_MS: 'TIMESTAMP',
  TIMESTAMP_NS: 'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP',
};

export interface KeptType {
  /** The type as DuckDB writes it. */
  sql: string;
  arrow: DataType;
  /** Whether a column of the type asked about must be cast to this one. */
  cast: boolean;
}

export const listOf = (element: DataType): DataType => new List(new Field('item', element, true));
export const structOf = (fields: { name: string; type: DataType }[]): DataType =>
  new Struct(fields.map((field) => new Field(field.name, field.type, true)));
export const mapOf = (key: DataType, value: DataType): DataType =>
  new Map_(
    new Field(
      'entries',
      new Struct([new Field('key', key, false), new Field('value', value, true)]),
      false,
    ) as never,
  );
export const decimalOf = (precision: number, scale: number): DataType => new Decimal(scale, precision, 128);

/** An identifier in double quotes. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** A string literal. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** How a type that DuckDB names is kept. */
export function keptType(name: string): KeptType {
  const parser = new TypeParser(name);
  return parser.parse();
}

/** Recursive descent over the type names of DESCRIBE: `STRUCT("a" INTEGER, b ENUM('x'))[]`. */
class TypeParser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  parse(): KeptType {
    let type = this.base();
    for (;;) {
      const suffix = /^\s*\[(\d*)\]/.exec(this.text.slice(this.at));
      if (!suffix) return type;
      this.at += suffix[0].length;
      type = { sql: `${type.sql}[]`, arrow: listOf(type.arrow), cast: type.cast || suffix[1] !== '' };
    }
  }

  private base(): KeptType {
    const word = /^\s*([A-Za-z_][A-Za-z0-9_]*(?: WITH TIME ZONE)?|"(?:[^"]|"")*")/.exec(
      this.text.slice(this.at),
    );
    if (!word) return { ...text(), cast: true };
    this.at += word[0].length;
    const name = (word[1] ?? '').toUpperCase();
    if (this.text[this.at] !== '(') return simple(name);
    if (name === 'STRUCT') return this.struct();
    if (name === 'MAP') return this.map();
    const args = this.skipArguments();
    const decimal = name === 'DECIMAL' ? /^\((\d+),\s*(\d+)\)$/.exec(args) : null;
    if (!decimal) return { ...text(), cast: true };
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    return { sql: `DECIMAL(${precision},${scale})`, arrow: decimalOf(precision, scale), cast: false };
  }

  private struct(): KeptType {
    const fields: { name: string; type: KeptType }[] = [];
    do {
      this.at++;
      const name = /^\s*("(?:[^"]|"")*"|[^\s"]+)\s+/.exec(this.text.slice(this.at));
      if (!name) return { ...text(), cast: true };
      this.at += name[0].length;
      const quoted = name[1] ?? '';
      fields.push({
        name: quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted,
        type: this.parse(),
      });
    } while (this.text[this.at] === ',');
    this.at++;
    return {
      sql: `STRUCT(${fields.map((field) => `${quoteName(field.name)} ${field.type.sql}`).join(', ')})`,
      arrow: structOf(fields.map((field) => ({ name: field.name, type: field.type.arrow }))),
      cast: fields.some((field) => field.type.cast),
    };
  }

  private map(): KeptType {
    this.at++;
    const key = this.parse();
    this.at++;
    const value = this.parse();
    this.at++;
    return {
      sql: `MAP(${key.sql}, ${value.sql})`,
      arrow: mapOf(key.arrow, value.arrow),
      cast: key.cast || value.cast,
    };
  }

  /** Passes over `(…)`, in which strings and names may hold parentheses of their own. */
  private skipArguments(): string {
    const rest = this.text.slice(this.at);
    let depth = 0;
    for (const token of rest.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g)) {
      if (token[0] === '(') depth++;
      if (token[0] === ')' && --depth === 0) {
        const end = token.index + 1;
        this.at += end;
        return rest.slice(0, end);
      }
    }
    this.at = this.text.length;
    return rest;
  }
}

const text = (): KeptType => ({ sql: 'VARCHAR', arrow: new Utf8(), cast: false });

function simple(name: string): KeptType {
  const arrow = arrowTypes[name];
  if (arrow) return { sql: name, arrow: arrow(), cast: false };
  const target = castTo[name];
  return target ? { ...keptType(target), cast: true } : { ...text(), cast: true };
}

/** The SQL name of a kept Arrow type. */
export function sqlTypeOf(type: DataType): string {
  if (DataType.isDecimal(type)) return `DECIMAL(${type.precision},${type.scale})`;
  if (DataType.isList(type)) return `${sqlTypeOf(type.children[0]?.type as DataType)}[]`;
  if (DataType.isStruct(type)) {
    const fields = (type.children as Field[]).map(
      (field) => `${quoteName(field.name)} ${sqlTypeOf(field.type as DataType)}`,
    );
    return `STRUCT(${fields.join(', ')})`;
  }
  if (DataType.isMap(type)) {
    const entries = (type.children[0] as Field).type as DataType;
    const [key, value] = entries.children as Field[];
    return `MAP(${sqlTypeOf(key?.type as DataType)}, ${sqlTypeOf(value?.type as DataType)})`;
  }
  return flatNames.get(String(type)) ?? 'VARCHAR';
}

const flatNames = new Map(Object.entries(arrowTypes).map(([name, type]) => [String(type()), name]));

/** Whether a type is of the set, so that its columns can be kept as they are. */
export function isKept(type: DataType): boolean {
  if (DataType.isDecimal(type)) return type.bitWidth === 128 && type.precision <= 38;
  if (DataType.isList(type) || DataType.isStruct(type) || DataType.isMap(type)) {
    return (type.children as Field[]).every((field) => isKept(field.type as DataType));
  }
  return flatNames.has(String(type));
}
