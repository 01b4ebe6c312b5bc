import { describe, expect, it } from 'vitest';
import { graphPath, runPath, toRoute } from '../../src/ui/state/router.svelte.ts';

describe('addresses', () => {
  it('name a page each', () => {
    expect(toRoute('/')).toEqual({ page: 'home' });
    expect(toRoute('/runs')).toEqual({ page: 'runs' });
    expect(toRoute(runPath('a/b'))).toEqual({ page: 'run', id: 'a/b' });
    expect(toRoute(graphPath('ä ö'))).toEqual({ page: 'graph', id: 'ä ö' });
  });

  it('that mean nothing are told apart, broken escapes included', () => {
    expect(toRoute('/graphs')).toEqual({ page: 'missing' });
    expect(toRoute('/runs/a/b')).toEqual({ page: 'missing' });
    expect(toRoute('/graphs/%E0%A4%A')).toEqual({ page: 'graph', id: '%E0%A4%A' });
  });
});
