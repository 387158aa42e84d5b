import { UNTRACED_STEPS } from '../domain/runbooks/copy-upgrade';
import { recordStep } from '../hydra/arbiter';
import { type StepTable } from './at-boundary';
import { type Step, type StepContext, type StepDeps } from './step';

/** A step whose note was not taken by then begins without it. */
const RECORD_TIMEOUT_MS = 2_000;

const UNTRACED: ReadonlySet<string> = new Set(UNTRACED_STEPS);

/** Steps that say on the left side that they begin, so that its database can tell how far a cutover came when Temporal cannot. */
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
  const { from } = deps.direction;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(RECORD_TIMEOUT_MS)]);
  try {
    const record = (left: Parameters<typeof recordStep>[0]) => recordStep(left, cutoverId, name);
    await deps.databases.withSession(from, record, { signal, purpose: 'trace' });
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = error instanceof Error ? error.name : 'unknown';
    deps.log.debug({ step: name, reason }, `no trace left on ${from}`);
  }
}
