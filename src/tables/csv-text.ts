/** A table as CSV text, by RFC 4180 with line feeds; nothing for null, `""` for an empty text. */
import { DataType } from 'apache-arrow';
import { plain } from './json-text.ts';
import type { KeptTable } from './kept-table.ts';
import { converter, decimalText, storedGetter } from './read-column.ts';

export function csvText(kept: KeptTable, delimiter: string): string {
  const needsQuotes = new RegExp(`["\\r\\n${delimiter}]|^\\s|\\s$`);
  const quote = (text: string): string =>
    text === '' || needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const cells = kept.columns.map(({ type, data }) => {
    const get = storedGetter(data);
    const format = formatter(type);
    return (row: number): string => {
      const value = get(row);
      return value === null ? '' : quote(format(value as never));
    };
  });
  const lines = [kept.columns.map((column) => quote(column.name)).join(delimiter)];
  for (let row = 0; row < kept.rows; row++) lines.push(cells.map((cell) => cell(row)).join(delimiter));
  return `${lines.join('\n')}\n`;
}

function formatter(type: DataType): (value: never) => string {
  const convert = converter(type) as (value: unknown) => unknown;
  if (DataType.isDecimal(type)) return (value: bigint) => decimalText(value, type.scale);
  if (DataType.isDate(type)) return (value) => (convert(value) as Date).toISOString().slice(0, 10);
  if (DataType.isTimestamp(type)) {
    return (value) =>
      (convert(value) as Date)
        .toISOString()
        .replace('T', ' ')
        .replace(/(\.000)?Z$/, '');
  }
  return (value) => {
    const shown = convert(value);
    return typeof shown === 'object' ? JSON.stringify(shown, plain) : String(shown);
  };
}
