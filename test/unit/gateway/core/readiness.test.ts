import { Readiness } from '../../../../gateway/core/readiness';
import { settle } from '../support/manual-clock';

function scripted() {
  const answers: ((ready: boolean) => void)[] = [];
  const readiness = new Readiness(() => new Promise((resolve) => answers.push(resolve)));
  return { readiness, answers };
}

it('never answers from a question that was asked before the call, and lets waiting callers share the next', async () => {
  const { readiness, answers } = scripted();
  const early = readiness.check();
  const late = [readiness.check(), readiness.check()];
  expect(answers).toHaveLength(1);
  answers[0]?.(true);
  expect(await early).toBe(true);
  await settle();
  expect(answers).toHaveLength(2);
  answers[1]?.(false);
  expect(await Promise.all(late)).toEqual([false, false]);
  expect(readiness.isReady).toBe(false);
});

it('counts as not ready from a doubt until the next answer', async () => {
  const { readiness, answers } = scripted();
  const first = readiness.check();
  answers[0]?.(true);
  await first;
  readiness.doubt();
  expect(readiness.isReady).toBe(false);
  answers[1]?.(true);
  await settle();
  expect(readiness.isReady).toBe(true);
});
