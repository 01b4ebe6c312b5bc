/**
 * The direction of dependencies, as a function from source files to what is wrong with them. DESIGN in one table:
 * who may import whom, who owns which package, and what files may be called.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** Path from the root of the repository → text. */
export type Sources = ReadonlyMap<string, string>;

interface Import {
  specifier: string;
  typeOnly: boolean;
}

/** What a layer may import besides itself; a path that ends in `/` stands for all below it. */
interface Layer {
  path: string;
  may: string[];
  /** Only as types. */
  mayTypes?: string[];
}

const foundation = ['src/errors.ts', 'src/schema/'];
const registry = 'src/nodes/registry.ts';
/** The contract of node types, not any of them. */
const nodeContract = 'src/nodes/define-node.ts';
/** What fails a task when a file does, the same wherever files are. */
const fileErrors = 'src/nodes/file-error.ts';
const storeInterface = 'src/store/store.ts';
/** What the API needs of its host, for those who provide it. */
const hostInterface = 'src/api/services.ts';

/** What all of the engine builds on: what it asks of its host, and two small structures. */
const engineBase = ['executor', 'clock', 'bit-set', 'turns'].map((name) => `src/engine/${name}.ts`);

/** A part of the engine, and the parts it builds on. */
const enginePart = (name: string, ...on: string[]): Layer => ({
  path: `src/engine/${name}/`,
  may: [...foundation, nodeContract, ...engineBase, ...on.map((part) => `src/engine/${part}/`)],
  mayTypes: [storeInterface],
});

/** The first whose path fits a file is the file's layer. */
const layers: Layer[] = [
  { path: 'src/errors.ts', may: [] },
  { path: 'src/schema/', may: ['src/errors.ts'] },
  ...engineBase.map((path) => ({
    path,
    may: [...foundation, nodeContract],
    mayTypes: ['src/engine/values/packed.ts'],
  })),
  enginePart('values'),
  enginePart('journal', 'values'),
  enginePart('executors', 'values', 'journal'),
  enginePart('graph'),
  enginePart('scheduler', 'values', 'journal', 'graph'),
  enginePart('runs', 'values', 'journal', 'graph', 'scheduler'),
  enginePart('retention', 'values', 'journal', 'scheduler', 'runs'),
  { path: 'src/engine/', may: [...foundation, nodeContract], mayTypes: [storeInterface] },
  { path: 'src/nodes/', may: foundation },
  {
    path: 'src/store/',
    may: [
      ...foundation,
      'src/engine/journal/journal.ts',
      'src/engine/journal/journal-versions.ts',
      'src/engine/journal/dropped-payloads.ts',
    ],
    mayTypes: ['src/engine/values/packed.ts'],
  },
  { path: 'src/files/', may: [...foundation, nodeContract, fileErrors] },
  { path: 'src/tables/', may: [...foundation, nodeContract, fileErrors] },
  { path: 'src/examples/', may: foundation },
  { path: 'src/sync/', may: foundation, mayTypes: [storeInterface, hostInterface] },
  { path: 'src/pool/task-host.ts', may: [...foundation, 'src/engine/', 'src/pool/', nodeContract, registry] },
  { path: 'src/pool/', may: [...foundation, 'src/engine/', nodeContract] },
  {
    path: 'src/api/routes/node-types.ts',
    may: [...foundation, 'src/engine/', 'src/api/', nodeContract, registry],
  },
  { path: 'src/api/', may: [...foundation, 'src/engine/', nodeContract], mayTypes: [storeInterface] },
  { path: 'src/ui/', may: ['src/'] },
  { path: 'workers/', may: ['src/'] },
  { path: 'server/', may: ['src/'] },
];

/** Packages with a home of their own. */
const homes: { package: RegExp; home: RegExp; says: string }[] = [
  { package: /^dexie$/, home: /^src\/store\/dexie-[\w-]+\.ts$/, says: 'src/store/dexie-*.ts' },
  { package: /^(libsql|kysely)$/, home: /^server\//, says: 'server/' },
  {
    package: /^(@hono\/node-server|@duckdb\/node-api|commander|cli-progress)$/,
    home: /^server\//,
    says: 'server/',
  },
  { package: /^@xyflow\//, home: /^src\/ui\/flow\//, says: 'src/ui/flow/' },
  {
    package: /^(svelte|bits-ui|codemirror|@codemirror\/.+|@lucide\/svelte)$/,
    home: /^src\/ui\//,
    says: 'src/ui/',
  },
  { package: /^comlink$/, home: /^(src\/pool|workers|server)\//, says: 'src/pool/, workers/ and server/' },
];

const compositionRoot = /^(workers\/|server\/|src\/ui\/main\.ts$)/;
const adapter = /^src\/(store|files|tables)\/[\w-]+-(store|files|tables)\.ts$/;
const byUrl = /\?(.*&)?(worker|sharedworker|url|raw)\b/;
const pageGlobals = new Set(['document', 'window', 'localStorage', 'sessionStorage']);

/** Every breach, one line each; none when all is well. `shipped` are the packages an installation brings along. */
export function findViolations(sources: Sources, shipped: ReadonlySet<string>): string[] {
  const violations: string[] = [];
  const edges = new Map<string, string[]>();
  const packagesOf = new Map<string, Set<string>>();

  for (const [file, text] of sources) {
    const found: string[] = misnamed(file);
    if (!layers.some(({ path }) => covers(path, file))) found.push('belongs to no layer');
    const source = parse(file, text);
    if (isBarrel(source)) found.push('is a barrel');
    const { imports, globs } = readImports(source);
    const packages = new Set<string>();
    const targets: string[] = [];
    for (const { specifier, typeOnly } of imports) {
      if (specifier.startsWith('.')) {
        const target = posix.join(posix.dirname(file), specifier.replace(/\?.*$/, ''));
        if (byUrl.test(specifier)) continue;
        targets.push(target);
        found.push(...forbidden(file, target, typeOnly));
      } else {
        const name = packageName(specifier);
        if (!typeOnly) packages.add(name);
        found.push(...misplaced(file, name));
      }
    }
    for (const glob of globs) {
      const pattern = toPattern(posix.join(posix.dirname(file), glob));
      targets.push(...[...sources.keys()].filter((path) => path !== file && pattern.test(path)));
    }
    if (!file.startsWith('src/ui/')) {
      for (const name of usedPageGlobals(source)) found.push(`uses ${name}, which only src/ui/ may`);
    }
    edges.set(file, targets);
    packagesOf.set(file, packages);
    violations.push(...found.map((message) => `${file} ${message}`));
  }

  const cycle = findCycle(edges);
  if (cycle) violations.push(`${cycle[0]} is part of a circle: ${cycle.join(' → ')}`);

  for (const file of reachable(
    [...sources.keys()].filter((path) => path.startsWith('server/')),
    edges,
  )) {
    for (const name of packagesOf.get(file) ?? []) {
      if (isBuiltin(name) || name.startsWith('virtual:') || shipped.has(name)) continue;
      violations.push(`${file} runs on Node and imports ${name}, which is not among the "dependencies"`);
    }
  }
  return violations;
}

function misnamed(file: string): string[] {
  const name = posix.basename(file);
  if (/(^|[-.])(utils?|helpers?|managers?)([-.]|$)/i.test(name) || /(Utils?|Helpers?|Manager)\./.test(name)) {
    return ['is named after nothing in particular'];
  }
  const expected = name.endsWith('.svelte')
    ? /^[A-Z][A-Za-z0-9]*\.svelte$/
    : /^[a-z0-9]+(-[a-z0-9]+)*(\.svelte|\.d)?\.ts$/;
  return expected.test(name) ? [] : ['is not named in kebab-case.ts or PascalCase.svelte'];
}

const covers = (path: string, file: string) => (path.endsWith('/') ? file.startsWith(path) : file === path);

function forbidden(file: string, target: string, typeOnly: boolean): string[] {
  if (!/^(src|workers|server)\//.test(target)) return [];
  const layer = layers.find(({ path }) => covers(path, file));
  if (!layer) return [];
  const allowed = [...layer.may, ...(typeOnly ? (layer.mayTypes ?? []) : [])];
  const own = covers(layer.path, target);
  const leavesInterface = target.startsWith('src/ui/') && !file.startsWith('src/ui/');
  if (leavesInterface || (!own && !allowed.some((path) => covers(path, target)))) {
    const asType = layer.mayTypes?.some((path) => covers(path, target)) ? ' other than as types' : '';
    return [`must not import ${target}${asType}`];
  }
  const choosesAdapter = adapter.test(target) && !own && !typeOnly;
  return choosesAdapter && !compositionRoot.test(file)
    ? [`must leave the choice of ${target} to its host`]
    : [];
}

function misplaced(file: string, name: string): string[] {
  if (isBuiltin(name)) return file.startsWith('server/') ? [] : [`imports ${name}, which only server/ may`];
  const owner = homes.find((each) => each.package.test(name));
  return owner && !owner.home.test(file) ? [`imports ${name}, which only ${owner.says} may`] : [];
}

/** Of globs, what `import.meta.glob` is given here: `*` within a folder, `**` across folders. */
function toPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(.*/)?'));
  return new RegExp(`^${source}$`);
}

function packageName(specifier: string): string {
  if (isBuiltin(specifier) || specifier.startsWith('virtual:')) return specifier;
  const [first = '', second = ''] = specifier.replace(/\?.*$/, '').split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

function parse(file: string, text: string): ts.SourceFile {
  const code = file.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script).join('\n')
    : text;
  return ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

/** Whether the file does nothing but hand on what others export. */
function isBarrel({ statements }: ts.SourceFile): boolean {
  return (
    statements.length > 1 && statements.every((node) => ts.isExportDeclaration(node) && node.moduleSpecifier)
  );
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function readImports(source: ts.SourceFile): { imports: Import[]; globs: string[] } {
  const imports: Import[] = [];
  const globs: string[] = [];
  const literals = (node: ts.Node | undefined): string[] => {
    if (!node) return [];
    if (ts.isStringLiteralLike(node)) return [node.text];
    return ts.isArrayLiteralExpression(node) ? node.elements.flatMap(literals) : [];
  };
  const add = (node: ts.Node | undefined, typeOnly: boolean) => {
    for (const specifier of literals(node)) imports.push({ specifier, typeOnly });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node));
    else if (ts.isImportTypeNode(node))
      ts.isLiteralTypeNode(node.argument) && add(node.argument.literal, true);
    else if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false);
      else if (node.expression.getText(source) === 'import.meta.glob')
        globs.push(...literals(node.arguments[0]));
    }
  });
  return { imports, globs: globs.filter((glob) => !glob.startsWith('!')) };
}

function isTypeOnly(clause: ts.ImportClause | ts.ExportDeclaration | undefined): boolean {
  if (!clause) return false;
  if (ts.isExportDeclaration(clause)) return clause.isTypeOnly;
  return clause.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** Globals of a page that the file uses and has not declared under the same name itself. */
function usedPageGlobals(source: ts.SourceFile): string[] {
  const declared = new Set<string>();
  const used = new Set<string>();
  walk(source, (node) => {
    if (!ts.isIdentifier(node) || !pageGlobals.has(node.text)) return;
    const { parent } = node;
    const named = (parent as { name?: ts.Node }).name === node;
    if (named && !ts.isPropertyAccessExpression(parent)) declared.add(node.text);
    else if (!named && ts.isExpression(node) && !ts.isPropertyAssignment(parent)) used.add(node.text);
    else if (ts.isPropertyAssignment(parent) && parent.initializer === node) used.add(node.text);
  });
  return [...used].filter((name) => !declared.has(name));
}

function reachable(from: string[], edges: ReadonlyMap<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const waiting = [...from];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    waiting.push(...(edges.get(file) ?? []));
  }
  return seen;
}

/** One circle, from a file back to itself. A Svelte component may import itself: that is how it recurs. */
function findCycle(edges: ReadonlyMap<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return;
    path.push(file);
    for (const target of edges.get(file) ?? []) {
      if (target === file && file.endsWith('.svelte')) continue;
      const cycle = visit(target);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
}
