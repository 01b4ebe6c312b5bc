import type { Page } from '@playwright/test';
import { expect, test, twoSteps } from './studio-test.ts';

/** What is the same in every language: names, formats, keys, ports, types of values, and what the user wrote. */
const sameEverywhere = new RegExp(
  [
    'Handloom|English|Svelte Flow( attribution)?|JavaScript|TypeScript|Parquet|DuckDB|Vega-Lite|mathjs|NaN',
    'Ctrl|Enter|Delete|Tab|Home|Escape|\\b[A-Z]{2,6}\\b',
    '[a-z]+\\.[a-z]+( · [\\w-]+)?',
    '\\b\\d[\\d.,]* [kMGT]?B\\b',
    // Shapes of values, addresses.
    '\\{[^{}]*\\}|https?://\\S+',
    '\\b(in|out|any|number|string|text|integer|boolean|date|time|array|object|table|true|false|null|ms)\\b',
    // Of the example, and what users name themselves.
    'Flight delays|\\b(snake_case|even|odd|price|input|path|data)\\b',
  ].join('|'),
  'g',
);

/** Every text and label in the page that holds a Latin word, but for code and what is the same everywhere. */
const latinWords = async (page: Page): Promise<string[]> => {
  const texts = await page.evaluate(() => {
    const found = new Set<string>();
    const skipped = '[hidden], script, style, code, pre, kbd, .cm-editor, textarea, .font-mono, datalist';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent && !parent.closest(skipped)) found.add(walker.currentNode.textContent?.trim() ?? '');
    }
    for (const element of document.querySelectorAll<HTMLElement>('body *')) {
      if (element.closest('[hidden], .cm-editor')) continue;
      // A placeholder in a form shows what to type.
      for (const name of ['aria-label', 'title', 'placeholder', 'data-tip', 'alt'])
        if (element.hasAttribute(name) && !(name === 'placeholder' && element.closest('details')))
          found.add(element.getAttribute(name)?.trim() ?? '');
    }
    return [...found, document.title];
  });
  return texts.filter((text) => /[A-Za-z]{2,}/.test(text.replace(sameEverywhere, '')));
};

test('the theme follows the system until one is chosen, and the choice stays', async ({ studio }) => {
  const { page } = studio;
  const html = page.locator('html');
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'dark' });
  await studio.visit();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  const dark = await background();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect(html).toHaveAttribute('data-theme', 'light');
  await expect.poll(background).not.toBe(dark);

  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(studio.runButton).toBeVisible();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await expect.poll(background).toBe(dark);
});

test('in Chinese no word of English is left, and the choice stays', async ({ studio }) => {
  const { page } = studio;
  const labelled = { ...twoSteps, name: '两步' };
  await studio.open({
    ...labelled,
    nodes: twoSteps.nodes.map((node, index) => ({ ...node, label: ['加倍', '加一'][index] ?? '' })),
  });
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: '简体中文' }).click();
  const run = page.getByRole('button', { name: '运行', exact: true });
  await expect(run).toBeVisible();
  await page.reload();
  await expect(run).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  const left: Record<string, string[]> = {};
  const look = async (where: string) => {
    const words = await latinWords(page);
    if (words.length) left[where] = words;
  };
  await look('the editor');

  await run.click();
  await expect(page.getByRole('status').filter({ hasText: '成功' }).first()).toBeAttached();
  await page.getByRole('group', { name: '加倍, ' }).click();
  await look('a node that has run');
  for (const tab of ['结果', '错误', '统计', '日志']) {
    await page.getByRole('tab', { name: tab }).click();
    await look(`the tab ${tab}`);
  }
  for (const [key, where] of [
    ['a', 'adding a node'],
    ['c', 'connecting'],
    ['?', 'the shortcuts'],
  ] as const) {
    await page.getByRole('group', { name: '加倍, ' }).focus();
    await page.keyboard.press(key);
    await expect(page.getByRole('dialog')).toBeVisible();
    await look(where);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }
  await page.getByRole('button', { name: '更多', exact: true }).click();
  await look('the menu');
  await page.keyboard.press('Escape');
  await page.goto('/runs');
  await expect(page.getByRole('link', { name: '两步' })).toBeVisible();
  await look('the runs');
  await page.goto('/nowhere');
  await expect(page.getByRole('heading')).toBeVisible();
  await look('a page that is not there');
  expect(left).toEqual({});
});

test('in Chinese the forms of all node types are Chinese', async ({ studio }) => {
  const { page } = studio;
  await studio.visit();
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitem', { name: '简体中文' }).click();
  await page.getByRole('button', { name: '更多', exact: true }).click();
  await page.getByRole('menuitem', { name: '新建' }).click();
  await expect(page.getByRole('heading', { name: '一台空织机' })).toBeVisible();
  const types = page.getByRole('complementary', { name: '节点' }).getByRole('button');
  const inspector = page.getByRole('complementary', { name: '检查器' });
  const left: Record<string, string[]> = {};
  expect(await types.count()).toBeGreaterThan(15);
  for (const button of await types.all()) {
    await button.click();
    const type = page.locator('.selected .type');
    await expect(inspector.getByText(`${await type.textContent()} · `)).toBeVisible();
    const words = await latinWords(page);
    if (words.length) left[(await type.textContent()) ?? ''] = words;
  }
  expect(left).toEqual({});
});
