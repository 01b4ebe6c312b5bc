/** The way of a thread between two ports. */
import { getBezierPath, Position } from '@xyflow/svelte';

export interface Ends {
  sourceX: number;
  sourceY: number;
  sourcePosition: Position;
  targetX: number;
  targetY: number;
  targetPosition: Position;
}
export interface ThreadPath {
  path: string;
  labelX: number;
  labelY: number;
}

/** How far a thread that leads back keeps below the cards it passes, and how wide it turns. */
const below = 84;
const turn = 64;

/** A smooth curve forwards; a thread that leads back, or to its own node, goes around below the cards. */
export function threadPath(ends: Ends): ThreadPath {
  const { sourceX, sourceY, targetX, targetY } = ends;
  if (ends.sourcePosition === Position.Right && targetX < sourceX - turn) {
    const y = Math.max(sourceY, targetY) + below;
    const path =
      `M${sourceX},${sourceY} C${sourceX + turn},${sourceY} ${sourceX + turn},${y} ${sourceX},${y} ` +
      `L${targetX},${y} C${targetX - turn},${y} ${targetX - turn},${targetY} ${targetX},${targetY}`;
    return { path, labelX: (sourceX + targetX) / 2, labelY: y };
  }
  const [path, labelX, labelY] = getBezierPath({ ...ends, curvature: 0.32 });
  return { path, labelX, labelY };
}
