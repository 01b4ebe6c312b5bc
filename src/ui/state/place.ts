/** Where a new node goes. */
export interface Point {
  x: number;
  y: number;
}

/** Nearer than this in both directions, cards overlap. */
const clear = { x: 232, y: 104 };

/** The wished place, or the next one below it that no card covers. */
export function freePlace(wish: Point, taken: readonly Point[]): Point {
  const place = { x: Math.round(wish.x / 12) * 12, y: Math.round(wish.y / 12) * 12 };
  const covered = () =>
    taken.some((other) => Math.abs(other.x - place.x) < clear.x && Math.abs(other.y - place.y) < clear.y);
  for (let tries = 0; tries < 400 && covered(); tries += 1) place.y += 24;
  return place;
}
