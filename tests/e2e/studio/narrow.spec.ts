import { expect, test, twoSteps } from './studio-test.ts';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

test('on a narrow screen nodes are added, set and run, and nothing sticks out', async ({ studio }) => {
  const { page } = studio;
  const sticksOut = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await studio.open(twoSteps);
  expect(await sticksOut()).toBeLessThanOrEqual(0);
  await expect(studio.palette).toHaveCount(0);
  await expect(studio.inspector).toHaveCount(0);

  await page.getByRole('button', { name: 'Nodes' }).tap();
  const palette = page.getByRole('dialog', { name: 'Nodes' });
  await palette.getByRole('button', { name: /^Collect/ }).tap();
  await expect(palette).toBeHidden();
  await expect(studio.nodes()).toHaveCount(3);

  await studio.node('double').tap();
  const inspector = page.getByRole('dialog', { name: 'Inspector' });
  await inspector.getByLabel('Function').fill('(x) => x * 50');
  expect(await sticksOut()).toBeLessThanOrEqual(0);
  await inspector.getByRole('button', { name: 'Close' }).tap();
  await expect(inspector).toBeHidden();

  await studio.runButton.tap();
  await studio.ended('Succeeded');
  await expect(studio.panel.getByRole('gridcell').first()).toBeVisible();
  expect(await sticksOut()).toBeLessThanOrEqual(0);

  await studio.menu('Runs');
  await expect(page.getByRole('list', { name: 'Runs' }).getByRole('listitem')).toContainText(['Two steps']);
  expect(await sticksOut()).toBeLessThanOrEqual(0);
});
