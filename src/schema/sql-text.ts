/**
 * Reads SQL only as far as is needed before DuckDB sees it: that it is one statement that gives rows, and which
 * tables and files it may speak of. DuckDB's own parser says everything else.
 */
import { HandloomError } from '../errors.ts';

type TokenKind = 'word' | 'name' | 'string' | 'symbol';
interface Token {
  kind: TokenKind;
  /** Without its quotes. */
  text: string;
  start: number;
  end: number;
}

export interface SelectText {
  /** The statement without a closing semicolon. */
  sql: string;
  /** Every identifier in it, in lower case. */
  names: Set<string>;
  /** Quoted file names; those straight after FROM or JOIN must exist, others may be plain text. */
  files: { path: string; required: boolean }[];
}

const openers = new Set([
  'select',
  'with',
  'from',
  'values',
  'table',
  'pivot',
  'unpivot',
  'describe',
  'desc',
  'summarize',
  'show',
  '(',
]);
const beforeTable = new Set(['from', 'join', 'describe', 'desc', 'summarize', 'pivot', 'unpivot', 'table']);
const filePattern = /\.(csv|tsv|txt|json|ndjson|jsonl|parquet|arrow)$/i;

/**
 * @throws HandloomError `sql_empty`, `sql_not_a_query` or `sql_broken`, with the 1-based `line` in its details.
 */
export function readSelect(sql: string): SelectText {
  const tokens = tokenize(sql);
  const first = tokens[0];
  if (!first) throw refuse('sql_empty', 'There is no SQL to run.', sql, 0);
  const opener = first.text.toLowerCase();
  if ((first.kind !== 'word' && first.kind !== 'symbol') || !openers.has(opener)) {
    throw refuse(
      'sql_not_a_query',
      `The statement starts with ${JSON.stringify(first.text)}; it must give rows, as SELECT, WITH, FROM, VALUES, PIVOT, UNPIVOT, DESCRIBE, SUMMARIZE and SHOW do.`,
      sql,
      first.start,
    );
  }
  const last = checkStructure(tokens, sql);
  const names = new Set<string>();
  const files: SelectText['files'] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'word' || token.kind === 'name') names.add(token.text.toLowerCase());
    if (token.kind !== 'string' && token.kind !== 'name') continue;
    if (!filePattern.test(token.text)) continue;
    const before = tokens[index - 1]?.text.toLowerCase() ?? '';
    if (beforeTable.has(before)) files.push({ path: token.text, required: true });
    else if (before === ',' || before === '(') files.push({ path: token.text, required: false });
  }
  return { sql: sql.slice(0, last), names, files };
}

/** Refuses a second statement and stray parentheses, by which SQL could step out of the SELECT around it. */
function checkStructure(tokens: Token[], sql: string): number {
  const open: Token[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'symbol') continue;
    if (token.text === '(') open.push(token);
    if (token.text === ')' && !open.pop()) {
      throw refuse('sql_broken', 'A closing parenthesis has no opening one.', sql, token.start);
    }
    if (token.text !== ';') continue;
    const next = tokens.slice(index + 1).find((other) => other.text !== ';' || other.kind !== 'symbol');
    if (next)
      throw refuse('sql_not_a_query', 'There is more than one statement; one is allowed.', sql, next.start);
    if (open.length === 0) return token.start;
  }
  const unclosed = open.pop();
  if (unclosed) throw refuse('sql_broken', 'An opening parenthesis has no closing one.', sql, unclosed.start);
  return sql.length;
}

const pattern =
  /(?<space>\s+)|(?<comment>--[^\n]*)|(?<escaped>[eE]'(?:[^'\\]|\\[\s\S]|'')*')|(?<string>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*")|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<number>\d[\w.]*)|(?<symbol>[\s\S])/uy;

function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const block = skipBlock(sql, at);
    if (block) {
      if (block.text !== undefined)
        tokens.push({ kind: 'string', text: block.text, start: at, end: block.end });
      at = block.end;
      continue;
    }
    pattern.lastIndex = at;
    const groups = pattern.exec(sql)?.groups ?? {};
    const start = at;
    at = pattern.lastIndex;
    const add = (kind: TokenKind, text: string) => tokens.push({ kind, text, start, end: at });
    if (groups.string) add('string', groups.string.slice(1, -1).replaceAll("''", "'"));
    else if (groups.escaped) add('string', groups.escaped.slice(2, -1));
    else if (groups.name) add('name', groups.name.slice(1, -1).replaceAll('""', '"'));
    else if (groups.word) add('word', groups.word);
    else if (groups.symbol) {
      if (groups.symbol === "'" || groups.symbol === '"') {
        throw refuse('sql_broken', 'A quotation mark is never closed.', sql, start);
      }
      add('symbol', groups.symbol);
    }
  }
  return tokens;
}

/** Block comments, which nest, and dollar-quoted strings. */
function skipBlock(sql: string, at: number): { end: number; text?: string } | undefined {
  if (sql.startsWith('/*', at)) {
    let depth = 0;
    for (const mark of sql.slice(at).matchAll(/\/\*|\*\//g)) {
      depth += mark[0] === '/*' ? 1 : -1;
      if (depth === 0) return { end: at + mark.index + 2 };
    }
    throw refuse('sql_broken', 'A comment is never closed.', sql, at);
  }
  const tag = sql[at] === '$' ? /^\$(?:[A-Za-z_]\w*)?\$/.exec(sql.slice(at, at + 80))?.[0] : undefined;
  if (!tag) return undefined;
  const end = sql.indexOf(tag, at + tag.length);
  if (end < 0) throw refuse('sql_broken', 'A quotation is never closed.', sql, at);
  return { end: end + tag.length, text: sql.slice(at + tag.length, end) };
}

function refuse(code: string, message: string, sql: string, at: number): HandloomError {
  const line = sql.slice(0, at).split('\n').length;
  return new HandloomError(code, `${message} (line ${line})`, { details: { line } });
}
