import { code, expect, graphFile, test } from './studio-test.ts';

const failing = graphFile({
  name: 'Failing',
  nodes: [
    code('numbers', '(n) => n + 1'),
    code(
      'picky',
      `({ id }) => {
  if (id === 13) throw new RangeError('No thirteen, please');
  if (id === 40) throw new TypeError('Forty is too much');
  return id;
}`,
    ),
  ],
  inputs: { numbers: [1], picky: [{ id: 12 }, { id: 13 }, { id: 40 }] },
});

test('an endless loop is cancelled, and the page goes on working', async ({ studio }) => {
  await studio.open(
    graphFile({
      name: 'Endless',
      nodes: [code('loop', '() => { for (;;); }')],
      inputs: { loop: [1, 2, 3, 4] },
    }),
  );
  await studio.run();
  await expect(studio.panel.getByText('Running')).toBeVisible();
  await expect(studio.node('loop').getByTitle('Waiting and running')).toHaveText('4');

  // While it loops, the page answers.
  await studio.select('loop');
  await studio.field('Name of the node').fill('round and round');
  await studio.field('Name of the node').press('Enter');
  await expect(studio.node('round and round')).toBeVisible();

  await studio.cancelButton.click();
  await studio.ended('Cancelled');
  await expect(studio.node('round and round').getByTitle('Cancelled')).toHaveText('4');

  await studio.code('Function').fill('(x) => x * 3');
  await studio.run();
  await studio.ended('Succeeded');
  await studio.hasResults(['3', '6', '9', '12']);
});

test('failed tasks are listed with their payload and lead to their node', async ({ studio }) => {
  await studio.open(failing);
  await studio.run();
  await studio.ended('Partly failed');
  await expect(studio.figure('picky', 'Succeeded')).toHaveText('1');
  await expect(studio.figure('picky', 'Failed')).toHaveText('2');
  await expect(studio.tab('Errors')).toHaveText(/2/);

  await studio.tab('Errors').click();
  const errors = studio.panel.getByRole('group');
  await expect(errors).toHaveCount(2);
  await studio.panel.getByRole('searchbox', { name: 'Search errors' }).fill('thirteen');
  await expect(errors).toHaveCount(1);
  await studio.panel.getByText('No thirteen, please').first().click();
  await expect(errors.first()).toContainText('RangeError');
  await expect(errors.first()).toContainText('{"id":13}');
  await errors.first().getByRole('button', { name: 'Show the node' }).click();
  await expect(studio.inspector.getByText('code.js · picky')).toBeVisible();
  await expect(studio.inspector.getByText('No thirteen, please', { exact: true })).toBeVisible();

  await studio.panel.getByRole('searchbox', { name: 'Search errors' }).fill('nothing of the kind');
  await expect(studio.panel.getByText('No error says that.')).toBeVisible();
});

test('a run tells its figures node by node, its log and each result in full', async ({ studio }) => {
  await studio.open(
    graphFile({
      name: 'Telling',
      nodes: [
        code('talk', '(n, ctx) => { ctx.log(`value ${n}`); return { n, squares: [n * n] }; }', {
          policy: { mode: 'serial' },
        }),
      ],
      inputs: { talk: [1, 2, 3] },
    }),
  );
  await studio.run();
  await studio.ended('Succeeded');
  await expect(studio.panel.getByRole('columnheader', { name: 'squares' })).toBeVisible();
  await studio.panel.getByRole('row', { name: '[9]' }).click();
  const detail = studio.page.getByRole('complementary', { name: 'Row in full' });
  await expect(detail).toContainText('{"n":3,"squares":[9]}');

  await studio.tab('Log').click();
  const log = studio.panel.getByRole('log', { name: 'Log' });
  for (const value of [1, 2, 3]) await expect(log).toContainText(`value ${value}`);
  await log.getByRole('button', { name: 'talk' }).first().click();
  await expect(studio.inspector.getByText('code.js · talk')).toBeVisible();

  await studio.tab('Figures').click();
  const row = studio.panel.getByRole('row', { name: 'talk' });
  await expect(row.getByRole('cell', { name: '3', exact: true })).toHaveCount(2);
});

test('a missing data file fails its task with the name of the file', async ({ studio }) => {
  await studio.open(
    graphFile({
      name: 'Missing file',
      nodes: [{ id: 'read', type: 'data.read', label: 'read', params: { path: 'nowhere/to-be-found.csv' } }],
    }),
  );
  await studio.run();
  await studio.ended('Partly failed');
  await studio.tab('Errors').click();
  await expect(studio.panel.getByText(/nowhere\/to-be-found\.csv/).first()).toBeVisible();
});
