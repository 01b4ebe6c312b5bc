import { code, expect, graphFile, test, twoSteps } from './studio-test.ts';

test('a kept graph is embedded, runs as one node, and shows what happened within', async ({ studio }) => {
  const { page, inspector } = studio;
  await studio.open(
    graphFile({
      name: 'Picky',
      nodes: [
        code('check', '(n) => { if (n === 3) throw new RangeError("three"); return n; }'),
        code('times ten', '(n) => n * 10'),
      ],
      edges: [{ source: 'check', target: 'times ten' }],
    }),
  );
  await studio.saved();
  await studio.open({
    ...twoSteps,
    nodes: [
      ...twoSteps.nodes,
      {
        id: 'S',
        type: 'flow.subgraph',
        label: 'Whole',
        position: { x: 552, y: 48 },
        params: { graph: twoSteps },
      },
    ],
    edges: [...twoSteps.edges, { source: 'increment', target: 'S' }],
  });
  await studio.select('Whole');
  await expect(inspector.getByRole('listitem').filter({ hasText: 'double' })).toBeVisible();
  await inspector.getByLabel('Graph', { exact: true }).selectOption({ label: 'Picky' });
  await expect(inspector.getByRole('listitem').filter({ hasText: 'times ten' })).toBeVisible();
  await studio.run();
  await studio.ended('Partly failed');
  await studio.hasResults(['50', '70']);
  await expect(studio.figure('Whole', 'Failed')).toHaveText('1');
  const row = inspector.getByRole('listitem').filter({ hasText: 'check' });
  await expect(row.getByTitle('Failed')).toHaveText('1');
  await expect(row.getByTitle('Succeeded')).toHaveText('2');
  await studio.tab('Errors').click();
  await expect(studio.panel.getByText('Whole / check')).toBeVisible();

  await inspector.getByRole('button', { name: 'Open as a graph of its own' }).click();
  await expect(page.getByRole('textbox', { name: 'Name of the graph' }).first()).toHaveValue('Picky');
  await expect(studio.nodes()).toHaveCount(2);
});

test('two streams are joined by the ports they lead to', async ({ studio }) => {
  await studio.open(
    graphFile({
      nodes: [
        code('people', '(p) => p'),
        code('orders', '(o) => o', { position: { x: 0, y: 180 } }),
        { id: 'j', type: 'flow.join', label: 'Joined', params: { rightField: 'person', how: 'left' } },
      ],
      edges: [
        { source: 'people', target: 'j' },
        { source: 'orders', target: 'j', targetPort: 'right' },
      ],
      inputs: { people: [{ id: 1 }, { id: 2 }], orders: [{ person: 2, sum: 5 }] },
    }),
  );
  await expect(studio.edges()).toHaveCount(2);
  await studio.run();
  await studio.ended('Succeeded');
  await studio.select('Joined');
  await expect(studio.figure('Joined', 'Succeeded')).toHaveText('3');
});
