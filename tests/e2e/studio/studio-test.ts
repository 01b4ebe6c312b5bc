/** The test function of this folder: a page of the app, and what a person does there in words. */
import { test as base, expect as baseExpect, type Locator, type Page } from '@playwright/test';

/** A machine that is busy with other things takes its time. */
export const expect = baseExpect.configure({ timeout: 30_000 });

/** A graph as a file holds it; wrong ones are wanted too, so the shape is open. */
export interface GraphFile {
  name: string;
  nodes: { id: string; type: string; label?: string; [field: string]: unknown }[];
  edges: { source: string; target: string; [field: string]: unknown }[];
  [field: string]: unknown;
}

/** A sound graph file: nodes stand side by side unless they say where. */
export const graphFile = ({ nodes, ...more }: Partial<GraphFile> & Pick<GraphFile, 'nodes'>): GraphFile => ({
  format: 'handloom.graph',
  version: 1,
  name: 'Test graph',
  nodes: nodes.map((node, index) => ({ position: { x: index * 276, y: 48 }, ...node })),
  edges: [],
  ...more,
});

/** A node of the user's own code. */
export const code = (id: string, text: string, more: object = {}) => ({
  id,
  type: 'code.js',
  label: id,
  params: { code: text },
  ...more,
});

/** Doubles three numbers, then adds one to each. */
export const twoSteps = graphFile({
  name: 'Two steps',
  nodes: [code('double', '(x) => x * 2'), code('increment', '(x) => x + 1')],
  edges: [{ source: 'double', target: 'increment' }],
  inputs: { double: [1, 2, 3] },
});

export class Studio {
  readonly page: Page;
  readonly palette: Locator;
  readonly inspector: Locator;
  readonly panel: Locator;
  readonly runButton: Locator;
  readonly cancelButton: Locator;
  readonly canvas: Locator;

  constructor(page: Page) {
    this.page = page;
    this.palette = page.getByRole('complementary', { name: 'Nodes' });
    this.inspector = page.getByRole('complementary', { name: 'Inspector' });
    this.panel = page.getByRole('region', { name: 'Run', exact: true });
    this.runButton = page.getByRole('button', { name: 'Run', exact: true });
    this.cancelButton = page.getByRole('button', { name: 'Cancel', exact: true });
    this.canvas = page.getByRole('main', { name: 'Canvas' });
  }

  /** Opens the app, which shows the last graph or the first example. */
  async visit(): Promise<void> {
    await this.page.goto('/');
    await expect(this.runButton).toBeVisible({ timeout: 30_000 });
  }

  /** Opens the app and in it this graph, by way of a file. */
  async open(graph: GraphFile): Promise<void> {
    await this.visit();
    await this.import(JSON.stringify(graph));
    await expect(this.page.getByRole('textbox', { name: 'Name of the graph' }).first()).toHaveValue(
      graph.name,
    );
    await expect(this.nodes()).toHaveCount(graph.nodes.length);
  }

  async import(text: string, name = 'graph.json'): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.menu('Import');
    await (await chooser).setFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) });
  }

  /** Chooses a command of the editor's menu. */
  async menu(command: string): Promise<void> {
    await this.page.getByRole('button', { name: 'More', exact: true }).click();
    await this.page.getByRole('menuitem', { name: command }).click();
  }

  nodes = () => this.canvas.getByRole('group', { name: /, [a-z]+\.\w+$/ });
  /** A node by what its card is headed. */
  node = (title: string) => this.canvas.getByRole('group', { name: `${title}, ` });
  edges = () => this.canvas.getByRole('group', { name: /^Edge from / });
  input = (title: string, port = 'in') =>
    this.node(title).getByRole('button', { name: `Input ${port}`, exact: true });
  output = (title: string, port = 'out') =>
    this.node(title).getByRole('button', { name: `Output ${port}`, exact: true });
  /** A figure of a node's card, such as how many tasks have succeeded. */
  figure = (title: string, name: 'Succeeded' | 'Failed') =>
    this.node(title).getByTitle(name, { exact: true });
  field = (name: string) => this.inspector.getByLabel(name, { exact: true });
  /** A field with code in it, once its editor is there. */
  code = (name: string) => this.field(name).and(this.page.locator('.cm-content'));

  select = (title: string) => this.node(title).click();

  /** Waits until the results tab shows exactly these values; parallel tasks end in any order. */
  async hasResults(values: string[]): Promise<void> {
    const shown = async () =>
      (await this.panel.getByRole('gridcell').allInnerTexts()).map((text) => text.trim());
    await expect.poll(async () => (await shown()).sort()).toEqual([...values].sort());
  }

  async run(): Promise<void> {
    await this.runButton.click();
  }

  /** Waits for the word of a run's end. */
  async ended(status: string): Promise<void> {
    await expect(this.page.getByRole('status').filter({ hasText: `Run ${status}` })).toBeAttached({
      timeout: 60_000,
    });
  }

  tab = (name: 'Results' | 'Errors' | 'Figures' | 'Log') => this.panel.getByRole('tab', { name });

  /** Waits until every change is kept. */
  saved = () => expect(this.page.getByText('Saved · ')).toBeVisible();
}

interface Fixtures {
  studio: Studio;
}

export const test = base.extend<Fixtures>({
  // Nothing glides while it is being clicked.
  contextOptions: { reducedMotion: 'reduce' },
  studio: async ({ page }, use, testInfo) => {
    testInfo.setTimeout(120_000);
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(String(error.stack)));
    await use(new Studio(page));
    expect(failures, 'errors nobody caught in the page').toEqual([]);
  },
});
