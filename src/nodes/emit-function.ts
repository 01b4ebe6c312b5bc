/**
 * Turns a parsed module into the text of one expression that evaluates to the module's function. Text before and
 * between what is kept is blanked, not removed, so that lines (and columns, from the second line on) stay where
 * the user has them.
 */
import type { ExportDefaultDeclaration, Identifier, Literal, Node, Program } from 'acorn';
import { CodeRefused, placeOf } from './code-issue.ts';
import { canBeFunction } from './function-shape.ts';
import type { ParsedCode } from './parse-code.ts';

const open = '(function(){"use strict";';
const close = '})()';

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** @throws CodeRefused `code_empty`, `import_not_allowed`, `top_level_await` or `code_not_a_function`. */
export function emitFunction(parsed: ParsedCode): string {
  const { text, begin, program } = parsed;
  if (program.body.every((statement) => statement.type === 'EmptyStatement')) {
    throw new CodeRefused({
      code: 'code_empty',
      message: 'There is no code yet. Write a function such as (x) => x * 2.',
    });
  }
  refuseWhatCannotRun(parsed);
  const exported = defaultExport(program);
  if (!exported) {
    throw new CodeRefused({
      code: 'code_not_a_function',
      message: 'The code has to be a function such as (x) => x * 2, or a module with an export default.',
      line: 1,
      column: 1,
    });
  }
  if (!('declaration' in exported)) return moduleText(parsed, exported.name);
  const { declaration } = exported;
  if (declaration.type !== 'FunctionDeclaration' && !canBeFunction(declaration, program))
    throw notAFunction(parsed, declaration);
  const alone = program.body.every(
    (statement) => statement === exported || statement.type === 'EmptyStatement',
  );
  if (alone)
    return `${open}return(${blank(text.slice(begin, declaration.start))}${text.slice(declaration.start, declaration.end)})${close}`;
  const name = declaration.type === 'FunctionDeclaration' ? declaration.id?.name : undefined;
  return moduleText(parsed, name ?? freshName(text));
}

function moduleText({ text, begin, program }: ParsedCode, result: string): string {
  const edits: Edit[] = [];
  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration') {
      edits.push(...defaultEdits(text, statement, result));
    } else if (statement.type === 'ExportNamedDeclaration') {
      const end = statement.declaration ? statement.declaration.start : statement.end;
      edits.push({
        start: statement.start,
        end,
        text: blank(text.slice(statement.start, end), statement.declaration ? '' : ';'),
      });
    }
  }
  return `${open}${apply(text, edits, begin)}\n;return ${result}${close}`;
}

/** A named function stays a declaration, so that it may be used before its place; anything else gets a name. */
function defaultEdits(text: string, statement: ExportDefaultDeclaration, name: string): Edit[] {
  const { declaration } = statement;
  if (declaration.type === 'FunctionDeclaration' && declaration.id) {
    return [
      {
        start: statement.start,
        end: declaration.start,
        text: blank(text.slice(statement.start, declaration.start)),
      },
    ];
  }
  const lead = blank(text.slice(statement.start, declaration.start));
  return [
    { start: statement.start, end: declaration.start, text: `const ${name}=${lead}(` },
    {
      start: declaration.end,
      end: statement.end,
      text: `);${blank(text.slice(declaration.end, statement.end))}`,
    },
  ];
}

function apply(text: string, edits: Edit[], begin: number): string {
  let result = '';
  let from = begin;
  for (const edit of edits) {
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return result + text.slice(from);
}

/** Spaces in the place of everything but line ends; `first` takes the place of the first character. */
const blank = (text: string, first = ''): string =>
  first + text.slice(first.length).replace(/[^\n\r\u2028\u2029]/g, ' ');

function freshName(text: string): string {
  let name = '$default';
  while (text.includes(name)) name += '$';
  return name;
}

/** `export default …`, or the local name in `export { name as default }`. */
function defaultExport(program: Program): ExportDefaultDeclaration | { name: string } | undefined {
  for (const statement of program.body) {
    if (statement.type === 'ExportDefaultDeclaration') return statement;
    if (statement.type !== 'ExportNamedDeclaration') continue;
    for (const { local, exported } of statement.specifiers) {
      if (nameOf(exported) !== 'default') continue;
      if (!canBeFunction(local, program))
        throw new CodeRefused({
          code: 'code_not_a_function',
          message: `${nameOf(local)} is not a function.`,
        });
      return { name: nameOf(local) };
    }
  }
  return undefined;
}

const nameOf = (node: Identifier | Literal): string =>
  node.type === 'Identifier' ? node.name : String(node.value);

function notAFunction({ text, begin }: ParsedCode, node: Node): CodeRefused {
  const shown = text.slice(node.start, Math.min(node.end, node.start + 40)).split('\n')[0];
  return new CodeRefused({
    code: 'code_not_a_function',
    message: `${shown} is not a function. Write one such as (x) => x * 2.`,
    ...placeOf(text.slice(begin), node.start - begin),
  });
}

/** Imports reach for the outside and `await` outside a function has nothing to wait in: neither can run in a task. */
function refuseWhatCannotRun({ text, begin, program }: ParsedCode): void {
  const stack: { node: Node; inFunction: boolean }[] = [{ node: program, inFunction: false }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { node, inFunction } = item;
    const problem = refusal(node, inFunction);
    if (problem) {
      throw new CodeRefused({ ...problem, ...placeOf(text.slice(begin), node.start - begin) });
    }
    const inside = inFunction || /Function/.test(node.type);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (typeof child?.type === 'string') stack.push({ node: child, inFunction: inside });
      }
    }
  }
}

function refusal(node: Node, inFunction: boolean): { code: string; message: string } | undefined {
  const isImport =
    node.type === 'ImportDeclaration' ||
    node.type === 'ImportExpression' ||
    node.type === 'ExportAllDeclaration' ||
    (node.type === 'ExportNamedDeclaration' && 'source' in node && node.source !== null) ||
    (node.type === 'MetaProperty' && 'meta' in node && (node.meta as Identifier).name === 'import');
  if (isImport) {
    return {
      code: 'import_not_allowed',
      message: 'Code in a node cannot import modules. Everything it may use comes through ctx.',
    };
  }
  const awaits =
    node.type === 'AwaitExpression' ||
    (node.type === 'ForOfStatement' && 'await' in node && node.await === true);
  if (awaits && !inFunction) {
    return {
      code: 'top_level_await',
      message: 'await works only inside the function. Make the function async and await there.',
    };
  }
  return undefined;
}
