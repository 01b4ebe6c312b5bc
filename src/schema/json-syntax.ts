/**
 * Where a text stops being JSON. Engines word the errors of `JSON.parse` differently and often leave the position
 * out, so this finds it; it runs only on text that `JSON.parse` has refused.
 */

export interface SyntaxProblem {
  /** 0-based position in the text. */
  offset: number;
  message: string;
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const space = /[ \t\r\n]*/y;
const goodString = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

/** The first thing wrong with a text that is not JSON. */
export function findSyntaxError(text: string): SyntaxProblem {
  let at = 0;
  const open: ('[' | '{')[] = [];
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const wrong = (expected: string): SyntaxProblem => ({
    offset: at,
    message:
      at >= text.length
        ? `the text ends where ${expected} should be`
        : `${show(text, at)} where ${expected} should be`,
  });
  /** Undefined when a whole string was read. */
  const string = (): SyntaxProblem | undefined => {
    const begin = at;
    match(goodString);
    if (text[at] === '"') {
      at++;
      return undefined;
    }
    if (at >= text.length) return { offset: begin, message: 'a string that does not end' };
    const what =
      text[at] === '\\' ? 'an escape that JSON does not know' : 'a control character within a string';
    return { offset: at, message: what };
  };
  /** Undefined when a key and its colon were read. */
  const key = (): SyntaxProblem | undefined => {
    match(space);
    if (text[at] !== '"') return wrong('a key in double quotes');
    const problem = string();
    if (problem) return problem;
    match(space);
    if (text[at] !== ':') return wrong('a colon');
    at++;
    return undefined;
  };

  for (;;) {
    match(space);
    const c = text[at];
    if (c === '[' || c === '{') {
      at++;
      match(space);
      if (text[at] === (c === '[' ? ']' : '}')) {
        at++;
      } else {
        open.push(c);
        const problem = c === '{' ? key() : undefined;
        if (problem) return problem;
        continue;
      }
    } else if (c === '"') {
      const problem = string();
      if (problem) return problem;
    } else if (!match(number) && !match(word)) {
      return wrong('a value');
    }
    // A value has ended: close what ends with it, then go on to the next.
    for (;;) {
      match(space);
      const holder = open[open.length - 1];
      if (!holder) return at >= text.length ? { offset: at, message: 'something' } : wrong('the end');
      if (text[at] === (holder === '[' ? ']' : '}')) {
        at++;
        open.pop();
        continue;
      }
      if (text[at] !== ',') return wrong(`a comma or ${holder === '[' ? ']' : '}'}`);
      at++;
      const problem = holder === '{' ? key() : undefined;
      if (problem) return problem;
      break;
    }
  }
}

/** 1-based line and column of a position. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let begin = 0;
  for (let next = text.indexOf('\n'); next >= 0 && next < offset; next = text.indexOf('\n', next + 1)) {
    line++;
    begin = next + 1;
  }
  return { line, column: offset - begin + 1 };
}

function show(text: string, at: number): string {
  return JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0xfffd));
}
