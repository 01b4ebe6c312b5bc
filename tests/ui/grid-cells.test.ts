import { describe, expect, it } from 'vitest';
import { cellText, columnsOf, rowOf, toCsv } from '../../src/ui/parts/grid-cells.ts';

describe('results as a table', () => {
  it('shows records by their fields and anything else as a value', () => {
    expect(columnsOf([{ a: 1 }, { a: 2, b: 'x' }]).map(({ key, numeric }) => [key, numeric])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    const columns = columnsOf([1, 'two']);
    expect(columns.map(({ key }) => key)).toEqual(['value']);
    expect(rowOf({ deep: true }, columns)).toEqual({ value: { deep: true } });
  });

  it('writes CSV that keeps commas, quotes and lines, and defuses formulas', () => {
    const rows = [
      { a: 'x,"y"\nz', b: '=1+1' },
      { a: -1, b: null },
    ];
    expect(toCsv(rows, ['a', 'b'])).toBe('a,b\r\n"x,""y""\nz",\'=1+1\r\n-1,');
  });

  it('shortens what is too long for a cell', () => {
    expect(cellText('x'.repeat(1000))).toHaveLength(300);
  });
});
