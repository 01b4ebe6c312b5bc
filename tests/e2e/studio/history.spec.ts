import { readFileSync } from 'node:fs';
import { code, expect, graphFile, type Studio, test } from './studio-test.ts';

const start = graphFile({
  name: 'History',
  description: 'As it was',
  nodes: [
    code('one', '(x) => x + 1'),
    code('two', '(x) => x * 2'),
    { id: 'sum', type: 'math.aggregate', label: 'sum', params: { function: 'sum' } },
  ],
  edges: [{ source: 'one', target: 'two' }],
  inputs: { one: [1, 2] },
});

/** The graph as a file would have it now. */
async function exported(studio: Studio): Promise<string> {
  const download = studio.page.waitForEvent('download');
  await studio.menu('Export');
  return readFileSync(await (await download).path(), 'utf8');
}

/** Makes edits, takes each back and makes it again, and compares the whole graph each time. */
async function thereAndBack(studio: Studio) {
  let before = await exported(studio);
  return (what: string, edit: () => Promise<void>) =>
    test.step(what, async () => {
      let after = '';
      await edit();
      await expect.poll(async () => (after = await exported(studio)), `${what} is done`).not.toBe(before);
      await studio.page.getByRole('button', { name: 'Undo' }).click();
      expect(await exported(studio), `${what} is undone`).toBe(before);
      await studio.page.getByRole('button', { name: 'Redo' }).click();
      expect(await exported(studio), `${what} is redone`).toBe(after);
      before = after;
    });
}

test('what is set in the inspector can be undone and redone, each by itself', async ({ studio }) => {
  await studio.open(start);
  const { inspector, page } = studio;
  const step = await thereAndBack(studio);
  await studio.select('one');
  await step('code', () => studio.code('Function').fill('(x) => x + 100'));
  await expect(studio.code('Function')).toHaveText('(x) => x + 100');
  await step('a switch', () => studio.field('Spread lists into arguments').check());
  await step('the name of a node', async () => {
    await studio.field('Name of the node').fill('First');
    await studio.field('Name of the node').press('Enter');
    await studio.field('Name of the node').blur();
  });
  await step('inputs', () => studio.field('Starts with').fill('[7, 8, 9]'));
  await inspector.getByText('How it runs').click();
  await step('the mode', async () => {
    await studio.field('Mode').selectOption('One at a time');
  });
  await step('extra attempts', () => studio.field('Extra attempts').fill('3'));
  await step('a rate limit', () => studio.field('Started, at most').fill('5'));
  await step('its span', () => studio.field('In every (ms)').fill('2000'));
  await step('the priority', () => studio.field('Priority').fill('2'));
  const [{ policy }] = JSON.parse(await exported(studio)).nodes;
  expect(policy).toMatchObject({ rateLimit: { count: 5, perMs: 2000 }, priority: 2, retry: { max: 3 } });
  await step('skipping duplicates', () => studio.field('Skip duplicates').check());

  // With nothing selected, the inspector shows the graph itself when it is asked for.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Inspector' }).click();
  await step('the description', () => studio.field('Description').fill('As it is'));
  await step('the order', () => inspector.getByText('Layer by layer').click());
  await step('the name of the graph', async () => {
    await studio.field('Name of the graph').fill('Another');
    await studio.field('Name of the graph').blur();
  });
});

test('what is done on the canvas can be undone and redone', async ({ studio }) => {
  await studio.open(start);
  const { page } = studio;
  const step = await thereAndBack(studio);
  await step('a connection', () => studio.output('two').dragTo(studio.input('sum')));
  await step('a move by mouse', async () => {
    const card = await studio.node('sum').boundingBox();
    await page.mouse.move((card?.x ?? 0) + 90, (card?.y ?? 0) + 20);
    await page.mouse.down();
    await page.mouse.move((card?.x ?? 0) + 110, (card?.y ?? 0) + 120, { steps: 5 });
    await page.mouse.up();
  });
  await step('a move by keys', async () => {
    await studio.node('sum').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
  });
  await step('a new node', () => studio.palette.getByRole('button', { name: /^Collect/ }).click());
  await step('removing an edge', async () => {
    await studio.edges().first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Delete');
  });
  await step('removing a node', async () => {
    await studio.node('two').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Delete');
  });
  await step('tidying up', () => page.getByRole('button', { name: 'Tidy up' }).click());
});

test('the keys undo and redo what the buttons do', async ({ studio }) => {
  await studio.open(start);
  await expect(studio.page.getByRole('button', { name: 'Undo' })).toBeDisabled();
  await studio.select('two');
  await studio.page.keyboard.press('Delete');
  await expect(studio.nodes()).toHaveCount(2);
  await expect(studio.edges()).toHaveCount(0);
  await studio.page.keyboard.press('ControlOrMeta+z');
  await expect(studio.nodes()).toHaveCount(3);
  await expect(studio.edges()).toHaveCount(1);
  await studio.page.keyboard.press('ControlOrMeta+Shift+z');
  await expect(studio.nodes()).toHaveCount(2);
});

test('nodes are copied with what connects them, cut and pasted, and duplicated', async ({ studio }) => {
  await studio.open(start);
  const { page } = studio;
  await studio.select('one');
  await studio.node('two').click({ modifiers: ['ControlOrMeta'] });
  await expect(studio.inspector.getByText('2 nodes selected')).toBeVisible();
  await page.keyboard.press('ControlOrMeta+c');
  await page.keyboard.press('ControlOrMeta+v');
  await expect(studio.nodes()).toHaveCount(5);
  await expect(studio.edges()).toHaveCount(2);
  const { nodes, edges, inputs } = JSON.parse(await exported(studio));
  const copies = nodes.slice(3).map(({ id }: { id: string }) => id);
  expect(edges[1]).toMatchObject({ source: copies[0], target: copies[1] });
  expect(inputs[copies[0]]).toEqual([1, 2]);

  await page.keyboard.press('ControlOrMeta+x');
  await expect(studio.nodes()).toHaveCount(3);
  await page.keyboard.press('ControlOrMeta+v');
  await expect(studio.nodes()).toHaveCount(5);
  await page.keyboard.press('ControlOrMeta+d');
  await expect(studio.nodes()).toHaveCount(7);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Backspace');
  await expect(studio.nodes()).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'An empty loom' })).toBeVisible();
  await expect(studio.runButton).toBeDisabled();
});
