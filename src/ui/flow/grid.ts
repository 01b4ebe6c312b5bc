/** Pixels between the points nodes snap to; a quarter of the weave on the canvas. */
export const grid = 12;
/** Size of a card without ports in rows, for placing new ones. */
export const cardWidth = 216;
export const cardHeight = 86;
/** Pixels of the canvas that stay free on each side of the graph when all of it is shown. */
export const fitPadding = 40;
/** Below this zoom a card shows its name alone. */
export const farZoom = 0.55;
/** Below this zoom no figure can be read, so none is drawn. */
export const tinyZoom = 0.28;
