/**
 * Where mathjs comes from. A task worker in a browser can load nothing, and most have no use for so large a library:
 * built for it, `workers/mathjs-from-engine.ts` stands in this module's place.
 */
export type Mathjs = Pick<typeof import('mathjs'), 'create' | 'all'>;

export const loadMathjs = (): Promise<Mathjs> => import('mathjs');
