import { type Steps } from '../domain/steps';
import { recordStep } from '../hydra/arbiter';
import { type StepTable } from './at-boundary';
import { type Step, type StepContext, type StepDeps } from './step';

/** Then the step begins without it. */
const RECORD_TIMEOUT_MS = 2_000;

/**
 * Steps that leave no trace: those before and without an arbiter, those that only look, and those inside the pause, whose
 * attempts the arbiter keeps itself.
 */
const UNTRACED: ReadonlySet<keyof Steps> = new Set([
  'preflight',
  'extendLifetimes',
  'keepRowHashes',
  'compareRowHashes',
  'compareAnswers',
  'tryWrites',
  'readMetrics',
  'previewJobs',
  'switchover',
  'abandonSwitchover',
]);

/** Steps that say on blue that they begin, so that blue's database can tell how far a cutover came when Temporal cannot. */
export function traceSteps(table: StepTable): StepTable {
  const steps: [string, Step<never, unknown>][] = Object.entries(table);
  const traced = steps.map(([name, step]) => [name, UNTRACED.has(name as keyof Steps) ? step : withTrace(name, step)]);
  return Object.fromEntries(traced) as StepTable;
}

function withTrace(name: string, step: Step<never, unknown>): Step<never, unknown> {
  return async (deps, input, context) => {
    await leaveTrace(deps, (input as { readonly cutoverId: string }).cutoverId, name, context);
    return step(deps, input, context);
  };
}

/** A hint for people: without it the step is as good. */
async function leaveTrace(deps: StepDeps, cutoverId: string, name: string, context: StepContext): Promise<void> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(RECORD_TIMEOUT_MS)]);
  try {
    const record = (blue: Parameters<typeof recordStep>[0]) => recordStep(blue, cutoverId, name);
    await deps.databases.withSession('blue', record, { signal, purpose: 'trace' });
  } catch (error) {
    context.signal.throwIfAborted();
    deps.log.debug({ step: name, reason: error instanceof Error ? error.name : 'unknown' }, 'no trace left on blue');
  }
}
