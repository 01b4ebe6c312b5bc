/**
 * mathjs as nodes use it: loaded when first needed, shut off from its own workings, and giving plain values.
 *
 * Its parser never runs JavaScript and guards properties; what is disabled here are the functions by which an
 * expression could change the library itself or take apart other expressions, as its security notes advise.
 */
import type { FactoryFunctionMap, MathNode } from 'mathjs';
import { ValidationError } from '../errors.ts';
import { placeOf } from './code-issue.ts';
import { describeValue } from './describe-value.ts';
import { loadMathjs } from './load-mathjs.ts';

const disabled = [
  'import',
  'createUnit',
  'deleteUnit',
  'config',
  'reviver',
  'replacer',
  'evaluate',
  'parse',
  'compile',
  'parser',
  'chain',
  'simplify',
  'simplifyConstant',
  'simplifyCore',
  'derivative',
  'rationalize',
  'resolve',
  'symbolicEqual',
  'leafCount',
  'help',
  // These draw random numbers that a replay could not draw again.
  'pickRandom',
  'distribution',
];

export interface MathEngine {
  parse(expression: string): MathNode;
}

let loading: Promise<MathEngine> | undefined;

/** The one instance of this worker or host. */
export function loadMath(): Promise<MathEngine> {
  loading ??= create().catch((error) => {
    // It may be had the next time.
    loading = undefined;
    throw error;
  });
  return loading;
}

async function create(): Promise<MathEngine> {
  const mathjs = await loadMathjs();
  const math = mathjs.create(mathjs.all as FactoryFunctionMap, { matrix: 'Array' });
  const { parse } = math;
  math.import(Object.fromEntries(disabled.map((name) => [name, refuseCall(name)])), { override: true });
  return { parse: (expression) => parse(expression) };
}

/** What an expression finds in the place of a function it may not call. */
const refuseCall = (name: string) => (): never => {
  throw new Error(`The function ${name} is not available in expressions.`);
};

/** The names every expression begins with; `typed` is here because mathjs itself cannot do without the original. */
export const newScope = (payload: unknown): Map<string, unknown> =>
  new Map([
    ['typed', refuseCall('typed')],
    ['payload', payload],
  ]);

export interface ParsedExpression {
  tree: MathNode;
  evaluate(scope: Map<string, unknown>): unknown;
}

/**
 * @throws ValidationError `expression_empty`, `expression_syntax` with line and column, or `expression_refused` when
 * it names what no expression may touch.
 */
export function parseExpression(math: MathEngine, expression: string, field: string): ParsedExpression {
  if (expression.trim() === '')
    throw refusal('expression_empty', 'There is no expression yet. Write one such as x^2 + 1.', field);
  try {
    const tree = math.parse(expression);
    const compiled = tree.compile();
    return { tree, evaluate: (scope) => compiled.evaluate(scope) };
  } catch (error) {
    if (error instanceof RangeError)
      throw refusal('expression_refused', 'The expression is nested too deeply.', field);
    const { message, char } = error as { message: string; char?: number };
    if (char === undefined) throw refusal('expression_refused', message, field);
    throw refusal(
      'expression_syntax',
      message.replace(/ \(char \d+\)$/, ''),
      field,
      placeOf(expression, char - 1),
    );
  }
}

function refusal(
  code: string,
  message: string,
  field: string,
  place: { line?: number; column?: number } = {},
): ValidationError {
  const at = place.column === undefined ? '' : ` (line ${place.line}, column ${place.column})`;
  return new ValidationError(code, message + at, { issues: [{ code, message, field, ...place }] });
}

interface MathValue {
  isComplex?: boolean;
  isUnit?: boolean;
  isBigNumber?: boolean;
  isFraction?: boolean;
  isMatrix?: boolean;
  isRange?: boolean;
  isResultSet?: boolean;
  re: number;
  im: number;
  entries: unknown[];
  toArray(): unknown[];
  toString(): string;
  valueOf(): unknown;
}

/**
 * A result of mathjs as numbers, texts, lists and plain objects.
 * @throws TypeError for what has no such form: a complex number, a unit, a function.
 */
export function toPlainValue(value: unknown): unknown {
  if (typeof value === 'function')
    throw new TypeError('The expression gives a function. Call it to get a value.');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlainValue);
  const math = value as MathValue;
  if (math.isResultSet) return toPlainValue(math.entries[math.entries.length - 1]);
  if (math.isBigNumber || math.isFraction) return Number(math.valueOf());
  if (math.isMatrix || math.isRange) return toPlainValue(math.toArray());
  if (math.isComplex) {
    if (math.im === 0) return math.re;
    throw new TypeError(
      `The result is the complex number ${math.toString()}. Take its re(…), im(…) or abs(…).`,
    );
  }
  if (math.isUnit)
    throw new TypeError(
      `The result has a unit: ${math.toString()}. Use number(…, "unit") to get a plain number.`,
    );
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`The expression gives ${describeValue(value)}, which cannot travel on.`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toPlainValue(member)]));
}
