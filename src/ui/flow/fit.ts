/** Where the view goes when the whole graph is to be shown, or as much of it as can still be read. */
import { fitPadding } from './grid.ts';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** On a small screen a part that can be read says more than the whole. */
const narrow = 640;
const lowestNarrow = 0.6;
const lowest = 0.08;
/** Pixels beside the first card where not all of them fit. */
const margin = 20;

/** The view of `size` pixels that shows all the cards; the first ones where all would be too small to read. */
export function fitView(cards: Box[], size: { width: number; height: number }): View | undefined {
  const [first] = cards.toSorted((a, b) => a.x - b.x || a.y - b.y);
  if (!first || !size.width || !size.height) return undefined;
  const right = Math.max(...cards.map((card) => card.x + card.width));
  const top = Math.min(...cards.map((card) => card.y));
  const bottom = Math.max(...cards.map((card) => card.y + card.height));
  const room = { width: size.width - 2 * fitPadding, height: size.height - 2 * fitPadding };
  const whole = Math.min(1, room.width / (right - first.x), room.height / (bottom - top));
  const least = size.width < narrow ? lowestNarrow : lowest;
  if (whole >= least)
    return {
      x: (size.width - (first.x + right) * whole) / 2,
      y: (size.height - (top + bottom) * whole) / 2,
      zoom: whole,
    };
  const fitsHigh = (bottom - top) * least <= room.height;
  const middle = fitsHigh ? (top + bottom) / 2 : first.y + first.height / 2;
  return { x: margin - first.x * least, y: size.height / 2 - middle * least, zoom: least };
}

/** The least move of a view that brings a card into it. */
export function revealed(view: View, card: Box, size: { width: number; height: number }): View {
  const shift = (start: number, length: number, room: number) => {
    if (start < margin || length + 2 * margin > room) return margin - start;
    return Math.min(0, room - margin - (start + length));
  };
  const { x, y, zoom } = view;
  return {
    x: x + shift(card.x * zoom + x, card.width * zoom, size.width),
    y: y + shift(card.y * zoom + y, card.height * zoom, size.height),
    zoom,
  };
}
