/** Pixels between the points nodes snap to; a quarter of the weave on the canvas. */
export const grid = 12;
/** Size of a card without ports in rows, for placing new ones. */
export const cardWidth = 216;
export const cardHeight = 86;
