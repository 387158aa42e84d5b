import { UNTRACED_STEPS } from '../domain/runbooks/copy-upgrade';
import { recordStep } from '../hydra/arbiter';
import { type StepTable } from './at-boundary';
import { type Step, type StepContext, type StepDeps } from './step';

/** A step whose note was not taken by then begins without it. */
const RECORD_TIMEOUT_MS = 2_000;

const UNTRACED: ReadonlySet<string> = new Set(UNTRACED_STEPS);

/** Steps that say on blue that they begin, so that blue's database can tell how far a cutover came when Temporal cannot. */
export function traceSteps(table: StepTable): StepTable {
  const steps: [string, Step<never, unknown>][] = Object.entries(table);
  const traced = steps.map(([name, step]) => [name, UNTRACED.has(name) ? step : withTrace(name, step)]);
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
