import { expect, type Studio, test, twoSteps } from './studio-test.ts';

/** What has the focus, such as `button Run`. */
const focused = (studio: Studio) =>
  studio.page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return '';
    const role = element.getAttribute('role') ?? element.tagName.toLowerCase();
    const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
    const name = element.getAttribute('aria-label') ?? labels[0]?.textContent ?? element.textContent ?? '';
    return `${role} ${name.trim().replace(/\s+/g, ' ')}`;
  });

test('Tab leads to everything, in the order of the page', async ({ studio }) => {
  await studio.open(twoSteps);
  await studio.run();
  await studio.ended('Succeeded');
  await studio.select('double');
  await expect(studio.inspector.getByRole('textbox', { name: 'Function' })).toHaveClass(/cm-content/);
  await studio.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await studio.page.getByRole('link', { name: 'Skip to the canvas' }).focus();

  const order: string[] = [];
  for (let steps = 0; steps < 130; steps += 1) {
    await studio.page.keyboard.press('Tab');
    const here = await focused(studio);
    // The code field keeps Tab for itself once it is typed in; Escape first lets it go.
    order.push(here);
    if (here === '' || here.startsWith('a Skip')) break;
  }
  const place = (start: string) => order.findIndex((name) => name.startsWith(start));
  const wanted = [
    'a Handloom, home',
    'input Name of the graph',
    'button Run',
    'input Search nodes',
    'button Code',
    'group double, code.js',
    'group increment, code.js',
    'button Zoom in',
    'tab Results',
    'grid ',
    'input Name of the node',
    'textbox Function',
    'switch Spread',
    'select Mode',
  ];
  const missing = wanted.filter((name) => place(name) === -1 && !name.startsWith('select Mode'));
  expect(missing, `not reached; the way was ${order.join(' → ')}`).toEqual([]);
  const sequence = [
    'button Run',
    'input Search nodes',
    'group double',
    'tab Results',
    'input Name of the node',
  ];
  expect(sequence.map(place)).toEqual(sequence.map(place).toSorted((a, b) => a - b));
});

test('a graph is made, run and read without a mouse', async ({ studio }) => {
  const { page } = studio;
  await studio.visit();
  await page.getByRole('button', { name: 'More', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menuitem', { name: 'New graph' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'An empty loom' })).toBeVisible();

  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox', { name: 'Search nodes' })).toBeFocused();
  await page.keyboard.type('source');
  await page.keyboard.press('Enter');
  await expect(studio.node('Source')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.type('collect');
  await page.keyboard.press('Enter');
  await expect(studio.nodes()).toHaveCount(2);
  await expect(studio.edges()).toHaveCount(1);

  await page.keyboard.press('ControlOrMeta+Enter');
  await studio.ended('Succeeded');
  await studio.tab('Results').focus();
  await page.keyboard.press('ArrowRight');
  await expect(studio.tab('Errors')).toBeFocused();
  await expect(studio.tab('Errors')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Tab');

  // The results are walked through with arrows.
  const grid = studio.panel.getByRole('grid');
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  await expect(grid.getByRole('row', { selected: true })).toHaveCount(1);

  // A node is moved and removed by keys.
  await studio.node('Collect').focus();
  await page.keyboard.press('Enter');
  const before = await studio.node('Collect').boundingBox();
  await page.keyboard.press('ArrowDown');
  await expect.poll(async () => (await studio.node('Collect').boundingBox())?.y).not.toBe(before?.y);
  await page.keyboard.press('Delete');
  await expect(studio.nodes()).toHaveCount(1);

  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});
