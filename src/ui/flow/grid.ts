/** Pixels between the points nodes snap to; a quarter of the weave on the canvas. */
export const grid = 12;
/** Size of a card without ports in rows, for placing new ones. */
export const cardWidth = 216;
export const cardHeight = 86;
/** Share of the canvas that stays free around the graph when all of it is shown. */
export const fitPadding = 0.07;
/** Below this zoom a card shows its name alone. */
export const farZoom = 0.55;
