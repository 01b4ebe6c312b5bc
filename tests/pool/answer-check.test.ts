import { expect, it } from 'vitest';
import type { Batch } from '../../src/engine/executor.ts';
import { isAnswer } from '../../src/pool/answer-check.ts';

const batch = { tasks: [1, 2] } as Batch;
const sound = {
  outcomes: [0, 1],
  values: ['a'],
  errors: [{ name: 'Error', message: '' }],
  busyMs: 1,
  worker: '',
};
const accepts = (result: unknown) => isAnswer({ result, unsettled: false }, batch);

it('takes what a task host gives', () => {
  expect(accepts(sound)).toBe(true);
  const split = {
    counts: [2, 0],
    values: [1, 2],
    ports: ['out', 'x'],
    logs: [{ index: 0, message: 'hello' }],
  };
  expect(accepts({ ...sound, ...split })).toBe(true);
});

it.each([
  ['nothing', undefined],
  ['another number of outcomes', { ...sound, outcomes: [0] }],
  ['an outcome that is none', { ...sound, outcomes: [0, 7] }],
  ['more values than tasks that succeeded', { ...sound, values: [1, 2, 3] }],
  ['a count without an end', { ...sound, counts: [1e15, 0] }],
  ['a failure without an error', { ...sound, errors: [] }],
  ['an error that is none', { ...sound, errors: [null] }],
  ['ports that are no list', { ...sound, ports: 'x' }],
  ['logs that are no list', { ...sound, logs: 5 }],
  ['a time that is none', { ...sound, busyMs: Number.NaN }],
])('refuses %s', (_, result) => {
  expect(accepts(result)).toBe(false);
});
