import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compile } from '../../src/nodes/compile.ts';
import { outputsOf } from '../../src/nodes/define-node.ts';
import { fieldWidgets } from '../../src/nodes/field-widgets.ts';
import { registry } from '../../src/nodes/registry.ts';
import { runExample } from './run-example.ts';

const icons = fileURLToPath(new URL('../../node_modules/@lucide/svelte/dist/icons/', import.meta.url));
const chinese = /[\u4e00-\u9fff]/;

describe.each(registry.list())('$type', (definition) => {
  it('is described in both languages, with an icon', () => {
    for (const text of [definition.title, definition.summary]) {
      expect(text.en).toMatch(/^[A-Z]/);
      expect(text.zh).toMatch(chinese);
    }
    expect(definition.title.en.length).toBeLessThan(30);
    expect(definition.summary.en).toMatch(/\.$/);
    expect(definition.summary.zh).toMatch(/。$/);
    expect(
      existsSync(`${icons}${definition.icon}.svelte`) || existsSync(`${icons}${definition.icon}.js`),
    ).toBe(true);
  });

  it('has params a form can be made of', () => {
    const schema = z.toJSONSchema(definition.params, { io: 'input' });
    for (const field of Object.values(schema.properties ?? {})) {
      expect(field).toMatchObject({
        title: expect.any(String),
        title_zh: expect.stringMatching(/./),
        widget: expect.any(String),
      });
      const { widget, enum: values, labels, labels_zh } = field as Record<string, unknown>;
      expect(fieldWidgets).toContain(widget);
      if (widget !== 'select') continue;
      expect(Object.keys(labels as object)).toEqual(values);
      expect(Object.keys(labels_zh as object)).toEqual(values);
    }
  });

  it('shows what it does in examples, whose params can be run', async () => {
    expect(definition.examples.length).toBeGreaterThanOrEqual(2);
    for (const example of definition.examples) {
      const params = definition.params.parse(example.params ?? {});
      await definition.prepare?.(params, { compile });
      expect(outputsOf(definition, params).length).toBeGreaterThan(0);
      if (!example.title) continue;
      expect(example.title.en).not.toBe('');
      expect(example.title.zh).not.toBe('');
    }
  });

  // Examples on tables need DuckDB; tests/tables runs them.
  if (definition.requires?.includes('tables')) return;

  it.each(
    definition.examples.map((example, i) => ({ name: example.title?.en ?? `example ${i + 1}`, example })),
  )('gives what its example says: $name', async ({ example }) => {
    const outcome = await runExample(definition, example);
    expect(outcome.results).toEqual(example.results);
    expect(outcome.errors.map((error) => error.name)).toEqual(example.errors ?? []);
    if (example.ports) expect(outcome.ports).toEqual(example.ports);
    if (example.written) expect(outcome.files).toEqual({ ...example.files, ...example.written });
  });
});

it('knows the node types of this version', () => {
  const types = registry.list().map((definition) => definition.type);
  expect(types).toEqual(
    expect.arrayContaining([
      'code.js',
      'flow.collect',
      'flow.delay',
      'flow.filter',
      'flow.join',
      'flow.reduce',
      'flow.route',
      'flow.source',
      'flow.split',
      'flow.subgraph',
      'io.copy',
      'io.delete',
      'io.http',
      'io.list',
      'io.move',
      'io.read',
      'io.write',
      'math.aggregate',
      'math.arithmetic',
      'math.chain',
      'math.expression',
      'math.sequence',
    ]),
  );
});
