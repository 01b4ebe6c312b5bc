/** What is told of an error that a task threw. */
import { expect, it } from 'vitest';
import { failureOf } from '../../src/pool/failures.ts';

function thrownWith(stack: string, cause?: unknown): Error {
  return Object.assign(new RangeError('too\n    at once', { cause }), { stack });
}

it('shows the frames of the user’s own code, and none below them', () => {
  const stack = [
    'RangeError: too\n    at once',
    '    at JSON.parse (<anonymous>)',
    '    at work (handloom/code:2:9)',
    '    at handloom/code:5:3',
    '    at runInOrder (file:///somewhere/handloom/dist/server/task-thread.js:10:5)',
  ];
  expect(failureOf(thrownWith(stack.join('\n'))).stack).toBe(stack.slice(0, 4).join('\n'));
});

it('shows no frames where none is the user’s', () => {
  const stack = 'Error: none\n    at read (file:///somewhere/handloom/dist/server/files.js:10:5)';
  expect(failureOf(thrownWith(stack)).stack).toBe('Error: none');
});

it('shows what caused it, and what caused that', () => {
  const inner = Object.assign(new TypeError('inner', { cause: 'a word' }), {
    stack: 'TypeError: inner\n    at f (handloom/code:1:1)\n    at g (node:internal/x:1:1)',
  });
  expect(failureOf(thrownWith('RangeError: outer', inner)).stack).toBe(
    'RangeError: outer\nCaused by: TypeError: inner\n    at f (handloom/code:1:1)\nCaused by: Error: a word',
  );
});
