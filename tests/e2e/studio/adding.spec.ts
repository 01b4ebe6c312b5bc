import { code, expect, graphFile, test, twoSteps } from './studio-test.ts';

const apart = graphFile({
  name: 'Apart',
  nodes: [code('first', '(x) => x + 1'), code('second', '(x) => x * 10')],
  inputs: { first: [1, 2] },
});

test.describe('nodes are added', () => {
  test('by a click in the palette, at the end of the selected one', async ({ studio }) => {
    await studio.open(twoSteps);
    await studio.select('increment');
    await studio.palette.getByRole('button', { name: /^Collect/ }).click();
    await expect(studio.nodes()).toHaveCount(3);
    await expect(studio.edges()).toHaveCount(2);
    await expect(studio.inspector.getByText(/flow\.collect · collect-/)).toBeVisible();

    await studio.run();
    await studio.ended('Succeeded');
    await studio.hasResults(['3', '5', '7']);
  });

  test('by dragging one from the palette to its place', async ({ studio }) => {
    await studio.open(apart);
    await studio.palette
      .getByRole('button', { name: /^Filter/ })
      .dragTo(studio.canvas, { targetPosition: { x: 300, y: 60 } });
    await expect(studio.nodes()).toHaveCount(3);
    await expect(studio.edges()).toHaveCount(0);
    const pane = await studio.canvas.boundingBox();
    const card = await studio.node('Filter').boundingBox();
    const middle = {
      x: (card?.x ?? 0) - (pane?.x ?? 0) + (card?.width ?? 0) / 2,
      y: (card?.y ?? 0) - (pane?.y ?? 0),
    };
    expect(Math.abs(middle.x - 300)).toBeLessThan(130);
    expect(Math.abs(middle.y - 60)).toBeLessThan(130);
  });

  test('by dragging one onto the words in the middle of an empty canvas', async ({ studio }) => {
    await studio.open(graphFile({ name: 'Empty', nodes: [], inputs: {} }));
    await expect(studio.page.getByRole('heading', { name: 'An empty loom' })).toBeVisible();
    await studio.palette.getByRole('button', { name: /^Filter/ }).dragTo(studio.canvas);
    await expect(studio.nodes()).toHaveCount(1);
  });

  test('by a double-click, a name and Enter', async ({ studio }) => {
    await studio.open(apart);
    await studio.canvas.dblclick({ position: { x: 320, y: 70 } });
    const dialog = studio.page.getByRole('dialog', { name: 'Add a node' });
    await dialog.getByRole('combobox').fill('reduce');
    await expect(dialog.getByRole('option')).toHaveCount(1);
    await dialog.getByRole('combobox').press('Enter');
    await expect(dialog).toBeHidden();
    await expect(studio.node('Reduce')).toBeVisible();
    await expect(studio.inspector.getByText(/flow\.reduce/)).toBeVisible();
  });

  test('by the key A, chosen with arrows; Escape adds nothing', async ({ studio }) => {
    await studio.open(apart);
    await studio.node('first').focus();
    await studio.page.keyboard.press('a');
    const dialog = studio.page.getByRole('dialog', { name: 'Add a node' });
    await expect(dialog).toBeVisible();
    await studio.page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(studio.nodes()).toHaveCount(2);

    await studio.page.keyboard.press('a');
    await dialog.getByRole('combobox').fill('math');
    const second = dialog.getByRole('option').nth(1);
    const title = (await second.textContent())?.trim().split(/\s{2,}/)[0] ?? '';
    await studio.page.keyboard.press('ArrowDown');
    await expect(second).toHaveAttribute('aria-selected', 'true');
    await studio.page.keyboard.press('Enter');
    await expect(studio.nodes()).toHaveCount(3);
    expect(title).not.toBe('');
  });

  test('at the end of a thread that is let go over the empty canvas', async ({ studio }) => {
    await studio.open(apart);
    const port = await studio.output('second').boundingBox();
    await studio.page.mouse.move((port?.x ?? 0) + 4, (port?.y ?? 0) + 4);
    await studio.page.mouse.down();
    const pane = await studio.canvas.boundingBox();
    await studio.page.mouse.move((pane?.x ?? 0) + 420, (pane?.y ?? 0) + 90, { steps: 8 });
    await studio.page.mouse.up();
    const dialog = studio.page.getByRole('dialog', { name: 'Add a node' });
    await expect(dialog.getByRole('combobox')).toHaveAttribute('placeholder', 'What fits here…');
    await dialog.getByRole('combobox').fill('collect');
    await studio.page.keyboard.press('Enter');
    await expect(studio.nodes()).toHaveCount(3);
    await expect(studio.edges()).toHaveCount(1);
  });
});

test.describe('nodes are connected', () => {
  test('by drawing a thread from port to port', async ({ studio }) => {
    await studio.open(apart);
    await studio.output('first').dragTo(studio.input('second'));
    await expect(studio.edges()).toHaveCount(1);
    await studio.run();
    await studio.ended('Succeeded');
    await studio.hasResults(['20', '30']);
  });

  test('by keyboard: Enter, C, a name, Enter', async ({ studio }) => {
    await studio.open(apart);
    await studio.node('first').focus();
    await studio.page.keyboard.press('Enter');
    await expect(studio.inspector.getByText('code.js · first')).toBeVisible();
    await studio.page.keyboard.press('c');
    const dialog = studio.page.getByRole('dialog', { name: 'Connect first to…' });
    await dialog.getByRole('textbox', { name: 'Search ports' }).fill('second');
    await studio.page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
    await expect(studio.edges()).toHaveCount(1);

    // What is connected is not offered again.
    await studio.node('first').focus();
    await studio.page.keyboard.press('c');
    await dialog.getByRole('textbox', { name: 'Search ports' }).fill('second');
    await expect(dialog.getByRole('listitem').filter({ hasText: 'error' })).toHaveCount(1);
    await expect(dialog.getByRole('listitem')).toHaveCount(1);
  });

  test('and a refused thread says why', async ({ studio }) => {
    await studio.open(
      graphFile({
        name: 'Refusals',
        nodes: [
          { id: 'gather', type: 'flow.collect', label: 'gather' },
          { id: 'rows', type: 'data.rows', label: 'rows' },
          code('any', '(x) => x'),
        ],
        edges: [{ source: 'gather', target: 'any' }],
      }),
    );
    await studio.output('gather').dragTo(studio.input('rows'));
    await expect(studio.page.getByText('This gives array, that takes table.')).toBeVisible();
    await expect(studio.edges()).toHaveCount(1);
    await studio.output('gather').dragTo(studio.input('any'));
    await expect(studio.page.getByText('These two are connected already.')).toBeVisible();
    await expect(studio.edges()).toHaveCount(1);
  });
});
