import { code, expect, graphFile, test } from './studio-test.ts';

const shaped = graphFile({
  name: 'Shaped',
  nodes: [
    code('start', '(x) => x'),
    code('again', '(x) => { if (x > 3) throw new Error("enough"); return x + 1; }'),
    code('back', '(x) => x'),
    code('end', '(x) => x'),
  ],
  edges: [
    { source: 'start', target: 'again' },
    { source: 'again', target: 'back' },
    { source: 'back', target: 'again' },
    { source: 'start', target: 'end' },
  ],
  inputs: { start: [1] },
});

test('what the shape of a graph tells is a key away, and leads to its nodes', async ({ studio }) => {
  const { page } = studio;
  await studio.open(shaped);
  await page.keyboard.press('i');
  const dialog = page.getByRole('dialog', { name: 'About this graph' });
  await expect(dialog.getByText('With cycles')).toBeVisible();
  await expect(dialog.getByText('The longest way through: 3 nodes.')).toBeVisible();
  await dialog.getByRole('button', { name: 'again, back' }).click();
  await expect(dialog).toBeHidden();
  await expect(studio.canvas.locator('.svelte-flow__node.selected')).toHaveCount(2);

  await studio.run();
  await studio.ended('Partly failed');
  await studio.menu('About this graph');
  await expect(dialog.getByText('The way with the most work in the run on show:')).toBeVisible();
  await dialog.getByRole('button', { name: 'start → ' }).click();
  await expect(studio.canvas.locator('.svelte-flow__node.selected')).not.toHaveCount(0);
});

test('a run tells about how long it will go on, as a whole and at a node', async ({ studio }) => {
  const busy = '(x) => { const until = Date.now() + 50; while (Date.now() < until); return x; }';
  const inputs = Array.from({ length: 3000 }, (_, i) => i);
  await studio.open(graphFile({ name: 'Long', nodes: [code('busy', busy)], inputs: { busy: inputs } }));
  await studio.run();
  await expect(studio.panel.getByText(/^about \d+ (s|min) left$/)).toBeVisible();
  await studio.select('busy');
  await expect(studio.inspector.getByText('Still to go')).toBeVisible();
  await studio.cancelButton.click();
  await studio.ended('Cancelled');
  await expect(studio.panel.getByText(/left$/)).toBeHidden();
});
