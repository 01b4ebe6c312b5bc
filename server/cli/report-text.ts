/**
 * A report as text, however large: outputs and errors are read page by page as the text is written. It is the text
 * that `JSON.stringify(report, null, 2)` would give of the whole.
 */

import type { Engine } from '../../src/engine/engine.ts';
import { outputNodes } from '../../src/engine/runs/run-queries.ts';
import { toJsonText } from '../../src/schema/json.ts';
import { maxLimit } from '../../src/schema/page.ts';
import type { ReadProblem } from '../../src/schema/run.ts';
import { TypedWriter, typeKey } from '../../src/schema/typed-json.ts';
import type { Page, PageQuery } from '../../src/store/store.ts';

type ReadPage = (query: PageQuery) => Promise<Page<unknown>>;
type Write = (value: unknown) => string;

/**
 * The report of a run that has ended, in pieces.
 * @param typed as typed JSON
 * @param onProblem hears, once at most, what of the run cannot be read
 */
export async function* reportText(
  engine: Engine,
  id: string,
  typed: boolean,
  onProblem: (problem: ReadProblem) => void = () => {},
): AsyncGenerator<string> {
  const writer = new TypedWriter();
  const write: Write = (value) => (typed ? writer.text(value, 2) : toJsonText(value, 2));
  const nodes = outputNodes(await engine.structure(id));
  if (typed && nodes.includes(typeKey)) {
    // Its outputs have to be written as entries, which nobody asks for in earnest.
    const whole = await engine.report(id, Number.POSITIVE_INFINITY);
    yield `${writer.text(whole, 2)}\n`;
    if (whole.problem) onProblem(whole.problem);
    return;
  }
  let problem: ReadProblem | undefined;
  const noting =
    (read: ReadPage): ReadPage =>
    async (query) => {
      const page = await read(query);
      problem ??= page.problem;
      return page;
    };
  const head = { ...(await engine.summary(id)), bytes: await engine.bytes(id) };
  yield `${write(head).slice(0, -'\n}'.length)},\n  "outputs": {`;
  let before = '';
  for (const node of nodes) {
    yield `${before}\n    ${JSON.stringify(node)}: `;
    yield* listText(
      noting((query) => engine.outputs(id, { ...query, node })),
      4,
      write,
    );
    before = ',';
  }
  yield `${before ? '\n  ' : ''}},\n  "errors": `;
  yield* listText(
    noting((query) => engine.errors(id, query)),
    2,
    write,
  );
  if (problem) {
    yield `,\n  "problem": ${write(problem).replaceAll('\n', '\n  ')}`;
    onProblem(problem);
  }
  yield '\n}\n';
}

/** A list at this depth of indentation, one piece a page. */
async function* listText(read: ReadPage, indent: number, write: Write): AsyncGenerator<string> {
  const line = `\n${' '.repeat(indent)}`;
  let cursor: string | null = null;
  let count = 0;
  yield '[';
  do {
    const page: Page<unknown> = await read({ limit: maxLimit, ...(cursor !== null && { cursor }) });
    let text = '';
    for (const item of page.items)
      text += `${count++ > 0 ? ',' : ''}${line}  ${write(item).replaceAll('\n', `${line}  `)}`;
    if (text) yield text;
    cursor = page.nextCursor;
  } while (cursor !== null);
  yield count > 0 ? `${line}]` : ']';
}
