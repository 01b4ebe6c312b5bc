/** Whether an expression can be a function, as far as that can be told without running it. */
import type { Expression, Node, Program, VariableDeclarator } from 'acorn';

/** Built-in functions may be named as they are: `Math.sqrt`, `Number`, `JSON.parse`. */
const builtIns = new Set(
  `Array BigInt Boolean Date JSON Math Number Object String Symbol decodeURIComponent encodeURIComponent isFinite
  isNaN parseFloat parseInt structuredClone`.split(/\s+/),
);

/** Checks an expression against the names its module declares. */
export function canBeFunction(node: Node, program: Program): boolean {
  return check(node, program, new Set());
}

function check(node: Node, program: Program, seen: Set<string>): boolean {
  const expression = node as Expression;
  switch (expression.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return true;
    case 'ConditionalExpression':
      return check(expression.consequent, program, seen) && check(expression.alternate, program, seen);
    case 'LogicalExpression':
      return check(expression.right, program, seen);
    case 'Identifier':
      return named(expression.name, program, seen);
    case 'MemberExpression': {
      const root = rootOf(expression);
      if (root === undefined) return false;
      return isDeclared(root, program) || typeof builtIn(expression) === 'function';
    }
    case 'CallExpression': {
      // A function made by another: called in place, or declared beside it. `Math.sqrt(x)` is a slip.
      const { callee } = expression;
      if (callee.type === 'ArrowFunctionExpression' || callee.type === 'FunctionExpression') return true;
      const root = rootOf(callee);
      return root !== undefined && isDeclared(root, program);
    }
    default:
      return false;
  }
}

function named(name: string, program: Program, seen: Set<string>): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  const declared = declaration(name, program);
  if (!declared)
    return builtIns.has(name) && typeof (globalThis as Record<string, unknown>)[name] === 'function';
  if (declared.type === 'FunctionDeclaration') return true;
  if (declared.type === 'ClassDeclaration') return false;
  const { id, init } = declared as VariableDeclarator;
  // A pattern, or a variable that is set later, tells nothing.
  return id.type !== 'Identifier' || !init || check(init, program, seen);
}

/** The leftmost name of `a.b.c`. */
function rootOf(node: Node): string | undefined {
  const expression = node as Expression;
  if (expression.type === 'Identifier') return expression.name;
  return expression.type === 'MemberExpression' ? rootOf(expression.object) : undefined;
}

function builtIn(node: Node): unknown {
  const expression = node as Expression;
  if (expression.type === 'Identifier') {
    return builtIns.has(expression.name)
      ? (globalThis as Record<string, unknown>)[expression.name]
      : undefined;
  }
  if (
    expression.type !== 'MemberExpression' ||
    expression.computed ||
    expression.property.type !== 'Identifier'
  )
    return undefined;
  const object = builtIn(expression.object) as Record<string, unknown> | undefined;
  return object && Object.hasOwn(object, expression.property.name)
    ? object[expression.property.name]
    : undefined;
}

const isDeclared = (name: string, program: Program): boolean => declaration(name, program) !== undefined;

function declaration(name: string, program: Program): Node | undefined {
  for (const statement of program.body) {
    const declared =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
        ? statement.declaration
        : statement;
    if (!declared) continue;
    if (declared.type === 'VariableDeclaration') {
      for (const variable of declared.declarations) if (namesIn(variable.id).includes(name)) return variable;
    } else if (
      (declared.type === 'FunctionDeclaration' || declared.type === 'ClassDeclaration') &&
      declared.id?.name === name
    ) {
      return declared;
    }
  }
  return undefined;
}

function namesIn(pattern: Node): string[] {
  const node = pattern as VariableDeclarator['id'];
  switch (node.type) {
    case 'Identifier':
      return [node.name];
    case 'ObjectPattern':
      return node.properties.flatMap((property) =>
        namesIn(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return node.elements.flatMap((element) => (element ? namesIn(element) : []));
    case 'AssignmentPattern':
      return namesIn(node.left);
    case 'RestElement':
      return namesIn(node.argument);
    default:
      return [];
  }
}
