import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { registry } from '../../src/nodes/registry.ts';

describe('the icons of node types', () => {
  const source = readFileSync(new URL('../../src/ui/parts/node-icons.ts', import.meta.url), 'utf8');
  const bundled = new Set([...source.matchAll(/^ {2}'?([\w-]+)'?: [A-Z]\w*,$/gm)].map(([, name]) => name));

  it.each(registry.list().map(({ type, icon }) => [type, icon]))('%s shows %s', (_type, icon) => {
    expect(bundled).toContain(icon);
  });
});
