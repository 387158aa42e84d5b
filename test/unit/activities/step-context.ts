import { type StepContext } from '../../../activities/step';

/** Of a first try that nobody cancels. */
export function stepContext(): StepContext {
  return { signal: new AbortController().signal, attempt: 1, heartbeat: () => undefined, lastProgress: undefined };
}
