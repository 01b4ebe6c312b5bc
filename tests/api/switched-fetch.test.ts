import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engineLost } from '../../src/api/port-fetch.ts';
import { createSwitchedFetch } from '../../src/api/switched-fetch.ts';

const answering = (text: string): typeof fetch => vi.fn(async () => new Response(text));
const losing = (): typeof fetch =>
  vi.fn(async () => {
    throw engineLost();
  });

const outcome = async (answer: Promise<Response>) =>
  answer.then(
    (response) => response.text(),
    (error: unknown) => error,
  );

describe('a fetch over changing connections', () => {
  test('asks over the connection in use', async () => {
    const { fetch, use } = createSwitchedFetch();
    use(answering('one'));
    expect(await outcome(fetch('/a'))).toBe('one');
    use(answering('two'));
    expect(await outcome(fetch('/a'))).toBe('two');
  });

  test('waits for a connection', async () => {
    const { fetch, use } = createSwitchedFetch();
    const answers = [outcome(fetch('/a')), outcome(fetch('/b', { method: 'POST' }))];
    use(answering('at last'));
    expect(await Promise.all(answers)).toEqual(['at last', 'at last']);
  });

  test('stops waiting when the request is aborted', async () => {
    const { fetch, use } = createSwitchedFetch();
    const controller = new AbortController();
    const answer = outcome(fetch('/a', { signal: controller.signal }));
    controller.abort();
    expect(await answer).toMatchObject({ name: 'AbortError' });
    const late = answering('late');
    use(late);
    expect(late).not.toHaveBeenCalled();
  });

  test('refuses those that wait when there will be no connection', async () => {
    const { fetch, refuse } = createSwitchedFetch();
    const answer = outcome(fetch('/a'));
    refuse(new TypeError('never'));
    expect(await answer).toBeInstanceOf(TypeError);
  });

  test('asks the next engine again for what the lost one did not read out', async () => {
    const onLost = vi.fn();
    const { fetch, use } = createSwitchedFetch({ onLost });
    const lost = losing();
    use(lost);
    const answer = outcome(fetch('/a'));
    await vi.waitFor(() => expect(onLost).toHaveBeenCalledWith(lost));
    use(answering('from the next'));
    expect(await answer).toBe('from the next');
  });

  test('gives a GET up after the second loss', async () => {
    const { fetch, use } = createSwitchedFetch({ onLost: () => use(losing()) });
    use(losing());
    expect(await outcome(fetch('/a'))).toMatchObject({ code: 'engine_lost' });
  });

  test('does not repeat what may have been carried out', async () => {
    const { fetch, use } = createSwitchedFetch();
    use(losing());
    expect(await outcome(fetch('/a', { method: 'POST' }))).toMatchObject({ code: 'engine_lost' });
    expect(
      await outcome(
        fetch(new Request('http://localhost/a', { method: 'DELETE', signal: AbortSignal.abort() })),
      ),
    ).toMatchObject({ name: 'AbortError' });
  });

  test('does not repeat after other errors', async () => {
    const { fetch, use } = createSwitchedFetch();
    const failing = vi.fn(async () => {
      throw new TypeError('no');
    });
    use(failing);
    expect(await outcome(fetch('/a'))).toBeInstanceOf(TypeError);
    expect(failing).toHaveBeenCalledOnce();
  });

  describe('with limited patience', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test('gives up when nothing is coming', async () => {
      const { fetch } = createSwitchedFetch({ patience: async () => 0 });
      const answer = outcome(fetch('/a'));
      await vi.advanceTimersByTimeAsync(2000);
      expect(await answer).toMatchObject({ code: 'no_engine' });
    });

    test('waits on for what is coming, but not for ever', async () => {
      const { fetch, use } = createSwitchedFetch({ patience: async () => 30_000 });
      const answers = [outcome(fetch('/a')), outcome(fetch('/b'))];
      await vi.advanceTimersByTimeAsync(31_000);
      use(answering('it came'));
      expect(await Promise.all(answers)).toEqual(['it came', 'it came']);

      use(undefined);
      const never = outcome(fetch('/c'));
      await vi.advanceTimersByTimeAsync(32_000);
      expect(await never).toMatchObject({ code: 'no_engine' });
    });
  });
});
