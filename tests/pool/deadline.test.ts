import { expect, it } from 'vitest';
import { Deadline } from '../../src/pool/deadline.ts';
import { SteppedClock } from './stepped-clock.ts';

function watch(limitMs: number) {
  const clock = new SteppedClock();
  let passed = 0;
  const deadline = new Deadline(clock, limitMs, () => passed++);
  return { clock, deadline, passed: () => passed };
}

it('passes 100 ms after the limit of the task begun last', () => {
  const { clock, deadline, passed } = watch(1000);
  deadline.started();
  clock.advance(900);
  deadline.started();
  clock.advance(1099);
  expect(passed()).toBe(0);
  clock.advance(1);
  expect(passed()).toBe(1);
});

it('lets a word that was waiting behind its timer come in first', () => {
  const { clock, deadline, passed } = watch(1000);
  deadline.started();
  // This thread was held up for ten seconds: the first timer is overdue, and so is the worker's message behind it.
  clock.jump(10_000);
  deadline.stop();
  clock.advance(10_000);
  expect(passed()).toBe(0);
});

it('counts from when the task was begun, however late the word of it comes', () => {
  const { clock, deadline, passed } = watch(1000);
  clock.advance(5000);
  deadline.started(4400);
  clock.advance(499);
  expect(passed()).toBe(0);
  clock.advance(1);
  expect(passed()).toBe(1);
  // Later than its limit, the worker's next word still comes in first.
  deadline.started(1000);
  clock.advance(49);
  expect(passed()).toBe(1);
  clock.advance(1);
  expect(passed()).toBe(2);
});

it('can be postponed and stopped', () => {
  const { clock, deadline, passed } = watch(10);
  deadline.started();
  clock.advance(110);
  deadline.postpone();
  clock.advance(100);
  expect(passed()).toBe(2);
  deadline.started();
  deadline.stop();
  clock.advance(1000);
  expect(passed()).toBe(2);
});
