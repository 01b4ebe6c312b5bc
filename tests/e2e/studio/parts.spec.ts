import { expect, test, twoSteps } from './studio-test.ts';

test('a run from a node on, or of it alone, has what reached it in the last run', async ({ studio }) => {
  const { page } = studio;
  await studio.open(twoSteps);
  await studio.select('increment');
  const here = studio.inspector.getByRole('button', { name: 'Run from here' });
  await expect(here).toBeDisabled();
  await expect(studio.inspector.getByText('Nothing has reached this node yet')).toBeVisible();
  await studio.run();
  await studio.hasResults(['3', '5', '7']);

  // Of the graph as it is now, with what reached the node then.
  await studio.code('Function').fill('(x) => x + 100');
  await studio.saved();
  await here.click();
  await studio.hasResults(['102', '104', '106']);
  await expect(studio.figure('double', 'Succeeded')).toHaveCount(0);

  // By the menu at the card: a node that has inputs of its own.
  await studio.node('double').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Run only this' }).click();
  await studio.hasResults(['2', '4', '6']);
  await expect(studio.figure('increment', 'Succeeded')).toHaveCount(0);

  // By keyboard.
  await studio.node('increment').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('r');
  await studio.hasResults(['102', '104', '106']);

  await page.getByRole('link', { name: 'Runs', exact: true }).click();
  const rows = page.getByRole('list', { name: 'Runs' }).getByRole('listitem');
  await expect(rows).toHaveText([/from increment/, /only double/, /from increment/, /Two steps/]);
});
