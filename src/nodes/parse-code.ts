/**
 * Reads code of the user's: a function expression or a module, in JavaScript or TypeScript.
 *
 * An expression is read as what follows `export default `, so that both shapes are one from here on. Plain
 * JavaScript is parsed by acorn alone; only what acorn refuses goes through sucrase, which takes the types out and
 * keeps every line where it was.
 */
import { tsPlugin } from '@sveltejs/acorn-typescript';
import { type Options, Parser, type Program, parse, type Token } from 'acorn';
import { transform } from 'sucrase';
import { type CodeProblem, CodeRefused, placeOf } from './code-issue.ts';

/** A module with its syntax tree; positions in the tree are positions in `text`. */
export interface ParsedCode {
  text: string;
  /** Where the user's own text begins in it. */
  begin: number;
  program: Program;
}

interface Failure extends CodeProblem {
  /** How far the reader came: of several failures the one that came furthest tells the most. */
  offset: number;
}
type Attempt = { ok: true; parsed: ParsedCode } | { ok: false; failure: Failure };

const expressionPrefix = 'export default ';
const maxLength = 1_000_000;

/** What every supported host can run (Node 20, current browsers). */
const options = { ecmaVersion: 2024, sourceType: 'module', allowHashBang: false } satisfies Options;
const typedParser = Parser.extend(tsPlugin() as Parameters<typeof Parser.extend>[0]);

/** @throws CodeRefused `code_too_large` or `code_syntax`. */
export function parseCode(source: string): ParsedCode {
  if (source.length > maxLength) {
    throw new CodeRefused({
      code: 'code_too_large',
      message: `The code is longer than ${maxLength} characters.`,
    });
  }
  // Same length, so that every position stays: a byte order mark is space, a hashbang a comment.
  const text = source.replace(/^\uFEFF/, ' ').replace(/^( ?)#!/, '$1//');

  const attempts = [
    () => plain(text, expressionPrefix),
    () => plain(text, ''),
    () => typed(text, expressionPrefix),
    () => typed(text, ''),
  ];
  let furthest: Failure | undefined;
  for (const attempt of attempts) {
    const result = attempt();
    if (result.ok) return result.parsed;
    if (!furthest || result.failure.offset > furthest.offset) furthest = result.failure;
  }
  const { offset: _, ...problem } = furthest as Failure;
  throw new CodeRefused(problem);
}

function plain(text: string, prefix: string): Attempt {
  const whole = prefix + text;
  try {
    const program = parse(whole, options);
    if (prefix) {
      const extra = program.body.find((statement, i) => i > 0 && statement.type !== 'EmptyStatement');
      if (extra) return failed(text, extra.start - prefix.length, 'Unexpected code after the function');
    }
    return { ok: true, parsed: { text: withoutHtmlComments(whole, program), begin: prefix.length, program } };
  } catch (error) {
    return explain(error, text, prefix);
  }
}

function typed(text: string, prefix: string): Attempt {
  try {
    const code = transform(prefix + text, {
      transforms: ['typescript'],
      disableESTransforms: true,
      keepUnusedImports: true,
    }).code;
    const result = code.startsWith(prefix) ? plain(code.slice(prefix.length), prefix) : plain(code, '');
    if (result.ok) return result;
  } catch {
    // Its errors often name the wrong place; the diagnosis below names the right one.
  }
  return diagnose(text, prefix);
}

/** Reads TypeScript that has been refused only to find out where it goes wrong. */
function diagnose(text: string, prefix: string): Attempt {
  try {
    typedParser.parse(prefix + text, options);
    return failed(text, 0, 'This kind of TypeScript is not supported here');
  } catch (error) {
    return explain(error, text, prefix);
  }
}

/** The parsers throw errors with `pos` and a message that ends in the place. */
function explain(error: unknown, text: string, prefix: string): Attempt {
  if (error instanceof RangeError) return failed(text, text.length, 'The code is nested too deeply');
  const { message = 'It cannot be read', pos = 0 } = error as { message?: string; pos?: number };
  return failed(text, pos - prefix.length, message.replace(/\s*\(\d+:\d+\)$/, ''));
}

function failed(text: string, offset: number, message: string): Attempt {
  const at = Math.max(0, offset);
  return { ok: false, failure: { code: 'code_syntax', message, offset: at, ...placeOf(text, at) } };
}

/**
 * In a module `<!--` is three operators, but in the function this becomes it would begin a comment: a space keeps
 * them apart. Changes `program` into the tree of the new text.
 */
function withoutHtmlComments(text: string, program: Program): string {
  if (!text.includes('<!--')) return text;
  const tokens: Token[] = [];
  parse(text, { ...options, onToken: tokens });
  let result = '';
  let from = 0;
  for (const token of tokens) {
    if (token.end !== token.start + 1 || !text.startsWith('<!--', token.start)) continue;
    result += `${text.slice(from, token.end)} `;
    from = token.end;
  }
  if (from === 0) return text;
  result += text.slice(from);
  Object.assign(program, parse(result, options));
  return result;
}
