/** Errors about code of the user's, in the words and with the places the editor shows. */
import { type Issue, ValidationError } from '../errors.ts';

/** What is wrong and where; the place is 1-based and speaks of the text as the user wrote it. */
export interface CodeProblem {
  code: string;
  message: string;
  line?: number;
  column?: number;
}

/** A problem, thrown before the field it is in is known. */
export class CodeRefused extends Error {
  override name = 'CodeRefused';
  readonly problem: CodeProblem;
  constructor(problem: CodeProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** The problem as the error a graph's validation collects. */
export function codeError(problem: CodeProblem, field: string): ValidationError {
  const issue: Issue = { ...problem, field };
  const place =
    problem.line === undefined
      ? ''
      : ` (line ${problem.line}${problem.column ? `, column ${problem.column}` : ''})`;
  return new ValidationError(problem.code, problem.message + place, { issues: [issue] });
}

/** 1-based line and column of a position; `\r\n`, `\n`, `\r` and the two Unicode separators end a line. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
  const lines = before.split(/\r\n|[\n\r\u2028\u2029]/);
  return { line: lines.length, column: (lines[lines.length - 1]?.length ?? 0) + 1 };
}
