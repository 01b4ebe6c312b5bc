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

  it('tells what kind a value is of where JSON has no word for it', () => {
    const loop: unknown[] = [1];
    loop.push(loop);
    const shown: [unknown, string][] = [
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      [2n ** 70n, '1180591620717411303424'],
      [
        new Map<unknown, unknown>([
          ['a', 1],
          [{ k: 1 }, null],
        ]),
        'Map of 2 {"a":1,{"k":1}:null}',
      ],
      [new Set([1, 'x']), 'Set of 2 [1,"x"]'],
      [new Uint8Array(30), `Uint8Array of 30 [${Array(20).fill(0).join(',')},…]`],
      [new ArrayBuffer(2), '2 bytes [0,0]'],
      [new RangeError('far'), 'Error RangeError: far'],
      [/a+/g, 'Pattern /a+/g'],
      [{ none: undefined, nan: Number.NaN, minus: -0 }, '{"none":undefined,"nan":NaN,"minus":-0}'],
      [loop, '[1,↺]'],
      [Object(5), 'Boxed value 5'],
    ];
    for (const [value, text] of shown) expect(cellText(value)).toBe(text);
    expect(columnsOf([new Map(), new Date(0)]).map(({ key }) => key)).toEqual(['value']);
    expect(toCsv([{ a: new Map([['x', 5n]]), b: new Date(0) }], ['a', 'b'])).toBe(
      'a,b\r\n"{""x"":5}",1970-01-01T00:00:00.000Z',
    );
  });

  it('shortens what is too long for a cell', () => {
    expect(cellText('x'.repeat(1000))).toHaveLength(300);
  });
});
