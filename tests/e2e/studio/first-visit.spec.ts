import { expect, test, twoSteps } from './studio-test.ts';

test('a first visit opens an example that runs to its end and shows its table', async ({ studio }) => {
  await studio.visit();
  await expect(studio.page).toHaveURL(/\/graphs\/.+/);
  await expect(studio.page).toHaveTitle('Flight delays · Handloom');
  await expect(studio.node('Flights')).toBeVisible();
  await expect(studio.panel).toContainText('Press Run');

  await studio.run();
  await studio.ended('Succeeded');
  const table = studio.panel.getByRole('grid', { name: 'Table' });
  await expect(table.getByRole('columnheader', { name: 'airport' })).toBeVisible();
  await expect(table.getByRole('row').nth(1).getByRole('gridcell').nth(1)).toHaveText(/\w+ \w+/);
  await expect(studio.panel.getByText(/^\d+ rows$/)).toBeVisible();

  // The other end of the graph has a table of its own.
  await studio.panel.getByLabel('Results of').selectOption('By state');
  await expect(table.getByRole('columnheader', { name: 'state' })).toBeVisible();
  await expect(table.getByRole('columnheader', { name: 'mean_delay' })).toBeVisible();
});

test('an edited graph, its run, figures and results outlive a reload', async ({ studio }) => {
  await studio.open(twoSteps);
  await studio.select('increment');
  await studio.code('Function').fill('(x) => x + 1000');
  await studio.run();
  await studio.ended('Succeeded');
  await studio.hasResults(['1002', '1004', '1006']);

  await studio.page.reload();
  await studio.hasResults(['1002', '1004', '1006']);
  await expect(studio.figure('double', 'Succeeded')).toHaveText('3');
  await expect(studio.figure('increment', 'Succeeded')).toHaveText('3');
  await studio.select('increment');
  await expect(studio.code('Function')).toHaveText('(x) => x + 1000');
  await expect(studio.inspector.getByRole('definition').first()).toHaveText('3');

  // A visit without an address opens what was open last.
  await studio.page.goto('/');
  await expect(studio.page).toHaveTitle('Two steps · Handloom');
});

test('an edit is kept although the page is left at once', async ({ studio }) => {
  await studio.open(twoSteps);
  await studio.select('double');
  await studio.field('Name of the node').fill('Twice');
  await studio.field('Name of the node').press('Enter');
  await studio.page.reload();
  await expect(studio.node('Twice')).toBeVisible();
});
