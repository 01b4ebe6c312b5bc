import { readFileSync, writeFileSync } from 'node:fs';
import { badGraphs, hugeNesting } from '../../hosts/bad-graphs.ts';
import { code, expect, graphFile, test, twoSteps } from './studio-test.ts';

test('a bad graph is refused with a message that names the place, and nothing is stored', async ({
  studio,
}, testInfo) => {
  await studio.open(twoSteps);
  const { page } = studio;
  const address = page.url();
  const alert = page.getByRole('alert');
  for (const { what, text, names } of badGraphs) {
    await test.step(what, async () => {
      await studio.import(text, 'bad.json');
      await expect(alert).toHaveCount(1);
      await expect(alert).toContainText('bad.json was not imported');
      // “Node 0” will do for a place in `nodes`.
      for (const name of names)
        await expect(alert).toContainText(name.replace(/s$/, ''), { ignoreCase: true });
      await expect(alert).not.toContainText(/\bat .*:\d+:\d+/);
      await alert.getByRole('button', { name: 'Dismiss' }).click();
      await expect(alert).toHaveCount(0);
    });
  }
  await test.step('50 MB of nesting', async () => {
    const path = testInfo.outputPath('huge.json');
    writeFileSync(path, hugeNesting());
    const chooser = page.waitForEvent('filechooser');
    await studio.menu('Import');
    await (await chooser).setFiles(path);
    await expect(alert).toContainText('huge.json was not imported');
  });
  expect(page.url()).toBe(address);
  await expect(studio.nodes()).toHaveCount(2);

  // The example of the first visit and the sound one: nothing else.
  await studio.menu('Open…');
  const dialog = page.getByRole('dialog', { name: 'Graphs' });
  await expect(dialog.getByRole('link')).toHaveText([/Two steps/, /Flight delays/]);
});

test('an exported file is the graph that was imported, with what we do not know', async ({ studio }) => {
  const graph = {
    ...graphFile({
      name: 'Round trip',
      nodes: [
        code('a', '(x) => x', { policy: { retry: { max: 2, on: ['RangeError'] } }, colour: 'blue' }),
        {
          id: 'b',
          type: 'flow.route',
          label: '分支',
          params: { ports: ['left', 'right'], code: '() => "left"' },
        },
        code('c', '(x) => x'),
      ],
      edges: [
        { source: 'a', target: 'b', note: 'kept' },
        { source: 'b', sourcePort: 'right', target: 'c' },
        { source: 'a', sourcePort: 'error', target: 'c' },
      ],
      inputs: { a: [1, 'two', [3], { four: null }] },
      settings: { schedule: 'staged' },
    }),
    description: 'Words\nin lines',
    author: { name: 'Ada' },
  };
  await studio.open(graph);
  const download = studio.page.waitForEvent('download');
  await studio.menu('Export');
  expect((await download).suggestedFilename()).toBe('Round-trip.json');
  expect(JSON.parse(readFileSync(await (await download).path(), 'utf8'))).toEqual(graph);
});

test('values that JSON cannot say survive an export and an import', async ({ studio }) => {
  const { page } = studio;
  const typed = {
    ...graphFile({
      name: 'Dates',
      nodes: [code('a', '(at) => at.getTime() + 1')],
      inputs: { a: [{ $type: 'Date', value: '1970-01-01T00:00:00.005Z' }] },
    }),
    encoding: 'handloom.values',
  };
  await studio.open(typed);
  const download = page.waitForEvent('download');
  await studio.menu('Export');
  const text = readFileSync(await (await download).path(), 'utf8');
  expect(JSON.parse(text)).toEqual(typed);
  await studio.import(text, 'again.json');
  await studio.run();
  await studio.ended('Succeeded');
  await studio.hasResults(['6']);
});

test('a graph file dropped on the page opens; a data file becomes a node that reads it', async ({
  studio,
}) => {
  await studio.open(twoSteps);
  const drop = (name: string, text: string) =>
    studio.page.evaluate(
      ([name, text]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], name));
        const canvas = document.querySelector('main .svelte-flow');
        const place = { bubbles: true, cancelable: true, clientX: 600, clientY: 200, dataTransfer };
        canvas?.dispatchEvent(new DragEvent('dragover', place));
        canvas?.dispatchEvent(new DragEvent('drop', place));
      },
      [name, text] as const,
    );
  await drop('dropped.json', JSON.stringify({ ...twoSteps, name: 'Dropped' }));
  await expect(studio.page).toHaveTitle('Dropped · Handloom');

  await drop('prices.csv', 'fruit,price\napple,3\npear,4\n');
  await expect(studio.nodes()).toHaveCount(3);
  await expect(studio.inspector.getByText(/data\.read/)).toBeVisible();
  await studio.run();
  await studio.ended('Succeeded');
  await studio.panel.getByLabel('Results of').selectOption({ index: 1 });
  await expect(studio.panel.getByRole('row', { name: 'pear' })).toBeVisible();
});

test('code can be written before its editor is there, which takes over in the middle of a word', async ({
  studio,
}) => {
  const { page } = studio;
  await studio.open(twoSteps);
  let load = () => {};
  const mayLoad = new Promise<void>((resolve) => {
    load = resolve;
  });
  await page.route(/code-editor/, async (route) => {
    await mayLoad;
    await route.continue();
  });
  await studio.select('increment');
  await studio.field('Function').fill('(x) => x + 1');
  await page.keyboard.press('End');
  await page.keyboard.type('00');
  load();
  await expect(studio.code('Function')).toBeFocused();
  await page.keyboard.type('000');
  await expect(studio.code('Function')).toHaveText('(x) => x + 100000');
  await studio.run();
  await studio.ended('Succeeded');
});

test('code that does not parse is shown at its node and line, and keeps the graph from running', async ({
  studio,
}) => {
  await studio.open(twoSteps);
  await studio.select('increment');
  await studio.code('Function').fill('(x) => {\n  return x +* 1;\n}');
  await expect(studio.node('increment').getByLabel('1 problem')).toBeVisible();
  await expect(studio.node('double').getByLabel('1 problem')).toHaveCount(0);
  await expect(studio.inspector.getByText(/line 2/i)).toBeVisible();
  // The editor marks the line in its gutter.
  await expect(studio.inspector.locator('.cm-lint-marker-error')).toHaveCount(1);

  // From elsewhere, Run leads there.
  await studio.select('double');
  await studio.run();
  const alert = studio.page.getByRole('alert');
  await expect(alert).toContainText('The graph cannot run yet');
  await expect(alert).toContainText('increment');
  await expect(alert).toContainText('line 2', { ignoreCase: true });
  await expect(studio.inspector.getByText('code.js · increment')).toBeVisible();
  await expect(studio.panel).toContainText('Press Run');

  await studio.code('Function').fill('(x) => {\n  return x + 1;\n}');
  await expect(studio.node('increment').getByLabel('1 problem')).toHaveCount(0);
  await studio.run();
  await studio.ended('Succeeded');
});
