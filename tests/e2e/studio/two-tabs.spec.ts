import { code, expect, graphFile, Studio, test, twoSteps } from './studio-test.ts';

test('two tabs with one graph see each other’s edits, and none is lost', async ({ studio, context }) => {
  await studio.open(twoSteps);
  const other = new Studio(await context.newPage());
  await other.page.goto(studio.page.url());
  await expect(other.nodes()).toHaveCount(2);

  // Both at the same time, in different places.
  await studio.select('double');
  await other.select('increment');
  await Promise.all([
    studio.code('Function').fill('(x) => x * 20'),
    other.code('Function').fill('(x) => x + 5'),
  ]);
  await other.palette.getByRole('button', { name: /^Collect/ }).click();
  await expect(studio.nodes()).toHaveCount(3);
  await expect(studio.edges()).toHaveCount(2);
  await studio.select('increment');
  await expect(studio.code('Function')).toHaveText('(x) => x + 5');
  // The view of this tab has followed the new node.
  await other.page.keyboard.press('f');
  await other.select('double');
  await expect(other.code('Function')).toHaveText('(x) => x * 20');

  // Undo takes back one's own.
  await studio.page.getByRole('button', { name: 'Undo' }).click();
  await expect(other.code('Function')).toHaveText('(x) => x * 2');
  await studio.page.getByRole('button', { name: 'Redo' }).click();
  await expect(other.code('Function')).toHaveText('(x) => x * 20');

  await other.run();
  await other.ended('Succeeded');
  await other.hasResults(['25', '45', '65']);
  for (const tab of [studio, other]) {
    await tab.saved();
    await tab.page.reload();
    await expect(tab.nodes()).toHaveCount(3);
  }
});

test('a graph goes on in the other tab when the tab that ran the engine is closed', async ({
  studio,
  context,
}) => {
  await studio.open(graphFile({ name: 'Left behind', nodes: [code('a', '(x) => x')], inputs: { a: [5] } }));
  const other = new Studio(await context.newPage());
  await other.page.goto(studio.page.url());
  await expect(other.nodes()).toHaveCount(1);
  await studio.page.close();
  await other.select('a');
  await other.code('Function').fill('(x) => x + 37');
  await other.run();
  await other.ended('Succeeded');
  await other.hasResults(['42']);
});
