import { onceEach } from '../../../workers/repair-locally';

it('tells what a step waits for once, and again when it is something else or has come back', () => {
  const told: string[] = [];
  const hear = onceEach((problem) => told.push(problem));
  const beats = [undefined, 'policy is away', 'policy is away', 'edge is away', undefined, 'edge is away'];
  for (const problem of beats) hear({ step: 'confirmTargets', ...(problem === undefined ? {} : { problem }) });
  expect(told).toEqual(['policy is away', 'edge is away', 'edge is away']);
});
