/** mathjs in a task worker, in the place of `src/nodes/load-mathjs.ts`: the engine sends its text. */
import type { Mathjs } from '../src/nodes/load-mathjs.ts';
import { libraryText } from '../src/pool/library-text.ts';

export async function loadMathjs(): Promise<Mathjs> {
  const run = new Function(await libraryText('mathjs'));
  run();
  const scope = globalThis as unknown as { mathjs?: Mathjs };
  const { mathjs } = scope;
  // Code of the user's is to find in here what it finds elsewhere.
  delete scope.mathjs;
  return mathjs as Mathjs;
}
