import type { Page } from '@playwright/test';
import { code, expect, graphFile, type Studio, test, twoSteps } from './studio-test.ts';

const half = graphFile({
  name: 'Half',
  nodes: [code('odd', '(n) => { if (n % 2) throw new Error(`${n} is odd`); return n; }')],
  inputs: { odd: [1, 2, 3, 4] },
});

/** Two runs of one graph that succeed and one of another that does so in part, the newest last. */
async function threeRuns(studio: Studio): Promise<void> {
  await studio.open(twoSteps);
  await studio.run();
  await studio.ended('Succeeded');
  await studio.select('double');
  await studio.field('Starts with').fill('[10]');
  await studio.run();
  await studio.hasResults(['21']);
  await studio.import(JSON.stringify(half));
  await expect(studio.node('odd')).toBeVisible();
  await studio.run();
  await studio.ended('Partly failed');
}

test('what is kept is set, holds at once and is told', async ({ studio }) => {
  const { page } = studio;
  await threeRuns(studio);
  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  const rows = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText(/\d k?B/);
  await page.getByRole('button', { name: 'What is kept' }).click();
  const dialog = page.getByRole('dialog', { name: 'What is kept' });
  await expect(dialog).toContainText(/Runs\s*3 · /);
  await dialog.getByLabel('Runs, at most').fill('1');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(rows).toHaveText([/Half/]);
  await page.reload();
  await page.getByRole('button', { name: 'What is kept' }).click();
  await expect(dialog.getByLabel('Runs, at most')).toHaveValue('1');
  await expect(dialog).toContainText('2 runs, 0 results');
});

test('payloads that a node does not keep are gone when its run has ended', async ({ studio }) => {
  await studio.open(twoSteps);
  await studio.select('increment');
  await studio.inspector.getByText('How it runs').click();
  await studio.inspector.getByLabel('Forget payloads').click();
  await studio.run();
  await studio.ended('Succeeded');
  await studio.hasResults(['3', '5', '7']);
  await expect(studio.inspector).toContainText('no longer kept');
  await expect(studio.inspector.getByRole('button', { name: 'Run from here' })).toBeDisabled();
  await expect(studio.inspector).toContainText('begin at a node before it');
});

test('the page of runs lists them, filters them, opens one and deletes one', async ({ studio }) => {
  const { page } = studio;
  await threeRuns(studio);
  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  await expect(page).toHaveTitle('Runs · Handloom');
  const rows = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
  await expect(rows).toHaveText([/Half.*Partly failed/s, /Two steps.*Succeeded/s, /Two steps.*Succeeded/s]);
  await expect(rows.first()).toContainText('4 tasks');
  await expect(rows.first()).toContainText('2 failed');

  await page.getByLabel('Status').selectOption('Partly failed');
  await expect(rows).toHaveText([/Half/]);
  await page.getByLabel('Status').selectOption('Cancelled');
  await expect(page.getByText('No run fits these filters.')).toBeVisible();
  await page.getByLabel('Status').selectOption('Any status');
  await page.getByLabel('Graph', { exact: true }).selectOption('Two steps');
  await expect(rows).toHaveText([/Two steps/, /Two steps/]);

  await rows.first().hover();
  await rows.first().getByRole('button', { name: 'Delete' }).click();
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(rows).toHaveCount(2);

  await page.getByRole('link', { name: 'Two steps' }).click();
  await expect(page).toHaveTitle('Two steps · Runs · Handloom');
  await studio.hasResults(['3', '5', '7']);
  await expect(studio.figure('increment', 'Succeeded')).toHaveText('3');
  // It shows the graph as it was, and cannot be edited.
  await page.getByRole('link', { name: 'Open the graph' }).click();
  await expect(studio.runButton).toBeVisible();
  await page.goBack();
  await page.getByRole('link', { name: 'All runs' }).click();
  await expect(rows).toHaveCount(2);
});

test('a live run is cancelled from its own page', async ({ studio }) => {
  const { page } = studio;
  await studio.open(
    graphFile({ name: 'Endless', nodes: [code('loop', '() => { for (;;); }')], inputs: { loop: [1] } }),
  );
  await studio.run();
  await expect(studio.cancelButton).toBeVisible();
  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  const row = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
  await expect(row).toContainText('Running');
  await row.getByRole('link', { name: 'Endless' }).click();
  await studio.cancelButton.click();
  await studio.ended('Cancelled');
  await page.goBack();
  await expect(row).toContainText('Cancelled');
});

/** Spoils every part of the journal of every run, as a failing disk would. */
const damageJournals = (page: Page) =>
  page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await settled(indexedDB.open('handloom'));
    const bodies = db.transaction('chunkBodies', 'readwrite').objectStore('chunkBodies');
    for (const row of await settled(bodies.getAll())) {
      row.bytes[row.bytes.length >> 1] ^= 1;
      await settled(bodies.put(row));
    }
    db.close();
  });

test('a run whose journal is damaged says so, in the language of the page, and keeps its figures', async ({
  studio,
}) => {
  const { page } = studio;
  await studio.open(twoSteps);
  await studio.run();
  await studio.hasResults(['3', '5', '7']);
  await damageJournals(page);
  await page.goto('/runs');
  await page.getByRole('link', { name: 'Two steps' }).click();
  // In the line of the run, and where its results would be.
  const told = studio.panel.getByText(/^The journal of run \w+ is damaged in the chunk from entry \d+ on\.$/);
  await expect(told.filter({ visible: true })).toHaveCount(2);
  await expect(studio.figure('increment', 'Succeeded')).toHaveText('3');
  await page.evaluate(() => localStorage.setItem('handloom.locale', 'zh-CN'));
  await page.reload();
  await page.setViewportSize({ width: 390, height: 800 });
  const toldInChinese = page.getByText(/^运行 \w+ 的日志从第 \d+ 条记录起的一段已损坏。$/);
  await expect(toldInChinese.filter({ visible: true })).toHaveCount(2);
});

test('addresses of what is not there say so', async ({ studio }) => {
  const { page } = studio;
  await page.goto('/graphs/none-of-that-name');
  await expect(page.getByRole('heading', { name: 'This graph is not here' })).toBeVisible();
  await page.goto('/runs/none-of-that-name');
  await expect(page.getByRole('heading', { name: 'This run is not here' })).toBeVisible();
  await page.goto('/no/such/place');
  await page.getByRole('link', { name: 'Back to your graphs' }).click();
  await expect(studio.runButton).toBeVisible();
});
