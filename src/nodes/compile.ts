/**
 * Checks code of the user's and turns it into text that a worker can evaluate. Only the host of an engine loads
 * this; workers get the text and use `to-function.ts`.
 */
import { type CodeProblem, CodeRefused, codeError } from './code-issue.ts';
import type { PrepareTools } from './define-node.ts';
import { emitFunction } from './emit-function.ts';
import { parseCode } from './parse-code.ts';

type Compiled = { text: string } | { problem: CodeProblem };

/** Graphs are validated at each keystroke, where all but one field are as before. */
const cache = new Map<string, Compiled>();
const cacheSize = 200;

/**
 * Turns JavaScript or TypeScript source (a function expression, or a module with a default export) into the text
 * of one JavaScript expression that evaluates to that function, in strict mode, with every line where it was.
 * @throws ValidationError `code_syntax`, `code_empty`, `code_not_a_function`, `import_not_allowed`,
 * `top_level_await` or `code_too_large`; its issue names `field` and, where there is one, line and column.
 */
export function compile(source: string, field: string): string {
  const compiled = cache.get(source) ?? compileAfresh(source);
  // Put last again: the one not used for longest goes first.
  cache.delete(source);
  cache.set(source, compiled);
  if (cache.size > cacheSize) cache.delete(cache.keys().next().value as string);
  if ('problem' in compiled) throw codeError(compiled.problem, field);
  return compiled.text;
}

function compileAfresh(source: string): Compiled {
  try {
    return { text: emitFunction(parseCode(source)) };
  } catch (error) {
    if (error instanceof CodeRefused) return { problem: error.problem };
    throw error;
  }
}

export const prepareTools: PrepareTools = { compile };
