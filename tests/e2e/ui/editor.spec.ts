import { expect, type Page, test } from '@playwright/test';

const run = (page: Page) => page.getByRole('button', { name: 'Run', exact: true });
const cards = (page: Page) => page.locator('.svelte-flow__node');
const threads = (page: Page) => page.locator('.svelte-flow__edge');
const palette = (page: Page) => page.getByRole('complementary', { name: 'Nodes' });

test.beforeEach(async ({ page }) => {
  await page.goto('/');
  await expect(run(page)).toBeVisible();
});

async function newGraph(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'New graph' }).click();
  await expect(page.getByRole('heading', { name: 'An empty loom' })).toBeVisible();
}

async function importText(page: Page, name: string, text: string): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Import' }).click();
  await (await chooser).setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
}

const graph = (parts: object) =>
  JSON.stringify({ format: 'handloom.graph', version: 1, name: 'imported', nodes: [], edges: [], ...parts });

test('the first visit opens an example that runs to its end and shows a table', async ({ page }) => {
  // It computes on every core, so a machine that is busy otherwise takes its time.
  test.setTimeout(200_000);
  await expect(cards(page)).toHaveCount(7);
  await run(page).click();
  await expect(page.getByRole('status').filter({ hasText: 'Run Succeeded' })).toBeAttached({
    timeout: 170_000,
  });
  await expect(page.getByRole('grid').getByRole('row').nth(3)).toBeVisible();
});

test('a graph is drawn, undone, redone and kept over a reload, its run too', async ({ page }) => {
  await newGraph(page);
  await palette(page)
    .getByRole('button', { name: /^Source/ })
    .click();
  await palette(page).getByRole('button', { name: /^Code/ }).click();
  await expect(cards(page)).toHaveCount(2);
  await expect(threads(page)).toHaveCount(1);
  await page.keyboard.press('Control+z');
  await expect(cards(page)).toHaveCount(1);
  await page.keyboard.press('Control+Shift+z');
  await expect(cards(page)).toHaveCount(2);
  await expect(threads(page)).toHaveCount(1);
  await run(page).click();
  await expect(page.getByText('Succeeded').first()).toBeVisible();
  await page.reload();
  await expect(cards(page)).toHaveCount(2);
  await expect(page.getByText('Succeeded').first()).toBeVisible();
});

test('an endless loop is cancelled', async ({ page }) => {
  const nodes = [{ id: 'a', type: 'code.js', params: { code: '() => { for (;;) {} }' } }];
  await importText(page, 'endless.json', graph({ nodes, inputs: { a: [1] } }));
  await expect(cards(page)).toHaveCount(1);
  await run(page).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Cancelled').first()).toBeVisible();
  await expect(run(page)).toBeVisible();
});

test('code that does not parse is marked at its node, its field and its line', async ({ page }) => {
  await newGraph(page);
  await palette(page).getByRole('button', { name: /^Code/ }).click();
  const editor = page.getByRole('textbox', { name: 'Function' });
  await expect(editor).toHaveClass(/cm-content/);
  await editor.fill('(x) => {\n  return x +;\n}');
  await expect(page.getByText(/^Line 2:/)).toBeVisible();
  await expect(page.locator('.cm-lintRange-error')).toBeVisible();
  await expect(cards(page).getByLabel('1 problem')).toBeVisible();
});

const refused: [string, string, RegExp][] = [
  ['not JSON', '{"a": [1,}', /line 1, column 10/],
  ['another format', JSON.stringify({ format: 'x', version: 1, nodes: [] }), /"format" must be/],
  ['a newer version', graph({ version: 9 }), /version 9/],
  ['an unknown node type', graph({ nodes: [{ id: 'a', type: 'no.such' }] }), /"a".*"no\.such"/],
  ['an edge to nowhere', graph({ edges: [{ source: 'a', target: 'b' }] }), /no such node/],
];
for (const [name, text, message] of refused) {
  test(`a file with ${name} is refused with its place, and nothing is stored`, async ({ page }) => {
    const before = page.url();
    await importText(page, 'bad.json', text);
    await expect(page.getByRole('alert')).toContainText('bad.json was not imported');
    await expect(page.getByRole('alert')).toContainText(message);
    expect(page.url()).toBe(before);
  });
}

test('nodes are added and connected by keyboard alone', async ({ page }) => {
  await newGraph(page);
  await page.keyboard.press('a');
  await page.keyboard.type('source');
  await page.keyboard.press('Enter');
  await expect(cards(page)).toHaveCount(1);
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('collect');
  await page.keyboard.press('Enter');
  await expect(cards(page)).toHaveCount(2);
  await cards(page).filter({ hasText: 'flow.source' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('c');
  await page.getByRole('textbox', { name: 'Search ports' }).press('Enter');
  await expect(threads(page)).toHaveCount(1);
});

test('language and theme change at once and stay', async ({ page }) => {
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: '简体中文' }).click();
  await expect(page.getByRole('button', { name: '运行', exact: true })).toBeVisible();
  await page.getByRole('button', { name: '主题' }).click();
  await page.getByRole('menuitem', { name: '深色' }).click();
  await page.reload();
  await expect(page.getByRole('button', { name: '运行', exact: true })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
