/** Geometry of the ring that winds around a node's icon as its tasks end. */
export const ringRadius = 17;
export const ringLength = 2 * Math.PI * ringRadius;

/** The dash offset that shows a share from 0 to 1. */
export const ringOffset = (share: number): number => ringLength * (1 - Math.min(1, Math.max(0, share)));
