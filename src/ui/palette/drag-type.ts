/** The name under which a dragged node type travels from the palette to the canvas. */
export const dragType = 'application/x-handloom-type';
