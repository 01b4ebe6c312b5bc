import { describe, expect, it } from 'vitest';
import { freePlace } from '../../src/ui/state/place.ts';

describe('the place of a new node', () => {
  it('is the wished one, on the grid, when nothing is there', () => {
    expect(freePlace({ x: 13, y: -7 }, [])).toEqual({ x: 12, y: -12 });
  });

  it('moves down until no card is covered', () => {
    const taken = [
      { x: 0, y: 0 },
      { x: 0, y: 120 },
    ];
    const place = freePlace({ x: 0, y: 0 }, taken);
    expect(place.x).toBe(0);
    for (const other of taken) expect(Math.abs(place.y - other.y)).toBeGreaterThanOrEqual(104);
  });
});
