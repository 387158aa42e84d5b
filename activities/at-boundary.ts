import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { isCutoverFault } from '../domain/faults';
import { type Steps } from '../domain/steps';
import { type InPlaceSteps } from '../domain/in-place/steps';
import { type InPlaceTable } from './in-place';
import { type InPlaceDeps } from './in-place/deps';
import { notConfigured } from './in-place/not-configured';
import { type OrderedContext, type Step, type StepDeps, type StepLog } from './step';
import { runTeller } from './tell-run';

/** So often a running step says that it is alive. A cancellation arrives with the answer. */
const HEARTBEAT_MS = 1_000;
/** An error that nobody foresaw may be a lost connection, so it is tried again; it may be a defect, so not for ever. */
const UNFORESEEN_ATTEMPTS_MAX = 4;
/** What the language itself says never holds a value of a row or a secret. */
const PLAIN_ERRORS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'AssertionError']);

/** The code of every step, as `activities/index.ts` lists it. */
export type StepTable = {
  readonly [Name in keyof Steps]: Step<Parameters<Steps[Name]>[0], Awaited<ReturnType<Steps[Name]>>>;
};

/** Makes Temporal activities of steps: the only place where faults become Temporal's failures. */
export function activitiesOf(table: StepTable, deps: StepDeps): Steps {
  return bounded<Steps, StepDeps>(table, deps);
}

/** The same of an upgrade in place. @param deps undefined where the config has none: then each step says so, and is not tried again */
export function inPlaceActivitiesOf(table: InPlaceTable, deps: InPlaceDeps | undefined, log: StepLog): InPlaceSteps {
  if (deps !== undefined) return bounded<InPlaceSteps, InPlaceDeps>(table, deps);
  const refusing = Object.keys(table).map((name) => [name, () => Promise.reject(notConfigured())] as const);
  return bounded<InPlaceSteps, { readonly log: StepLog }>(Object.fromEntries(refusing), { log });
}

type AnyStep<Deps> = (deps: Deps, input: never, context: OrderedContext) => Promise<unknown>;

function bounded<Activities, Deps extends { readonly log: StepLog }>(
  table: Readonly<Record<string, AnyStep<Deps>>>,
  deps: Deps,
): Activities {
  const steps = Object.entries(table);
  const activities: unknown = Object.fromEntries(steps.map(([name, step]) => [name, atBoundary(name, step, deps)]));
  return activities as Activities;
}

function atBoundary<Deps extends { readonly log: StepLog }>(
  name: string,
  step: AnyStep<Deps>,
  deps: Deps,
): (input: never) => Promise<unknown> {
  return async (input) => {
    const context = Context.current();
    const { attempt, scheduledTimestampMs } = context.info;
    const heartbeatDetails = context.info.heartbeatDetails as unknown;
    const signal = context.cancellationSignal;
    let progress: unknown = heartbeatDetails;
    const beat = setInterval(() => context.heartbeat(progress), HEARTBEAT_MS);
    try {
      return await step(deps, input, {
        signal,
        attempt,
        // When the server of Temporal took the first try up: its steps come one after the other.
        order: scheduledTimestampMs,
        lastProgress: heartbeatDetails,
        tellCommitted: runTeller(context, deps.log),
        heartbeat: (now) => {
          progress = now;
          context.heartbeat(now);
        },
      });
    } catch (error) {
      // Libraries throw an AbortError of their own; the signal's reason says whether it is a cancellation, a pause, a reset
      // or the worker's end, and Temporal answers each rightly.
      signal.throwIfAborted();
      throw failureOf(error, name, attempt, deps.log);
    } finally {
      clearInterval(beat);
    }
  };
}

/**
 * @returns type = fault code, details = [fault details]; never the error behind it, whose text may hold a secret or a row
 */
export function failureOf(error: unknown, step: string, attempt: number, log: StepLog): ApplicationFailure {
  if (isCutoverFault(error)) {
    const { code, message, retryable, details } = error;
    const level = retryable ? 'warn' : 'error';
    log[level]({ step, attempt, code, reason: message }, 'step failed');
    return ApplicationFailure.create({ type: code, message, nonRetryable: !retryable, details: [details] });
  }
  const described = describe(error);
  log.error({ step, attempt, code: 'INTERNAL', ...described }, 'step failed unexpectedly');
  return ApplicationFailure.create({
    type: 'INTERNAL',
    message: `step ${step} met an error that nobody foresaw (${described.error}); the worker's log has where`,
    nonRetryable: attempt >= UNFORESEEN_ATTEMPTS_MAX,
  });
}

/** Kind, code and place, without the message of a driver or library. */
function describe(error: unknown): { readonly error: string; readonly frames: readonly string[] } {
  if (!(error instanceof Error)) return { error: typeof error, frames: [] };
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const text = PLAIN_ERRORS.has(error.name) ? `: ${error.message}` : '';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: `${error.name}${code}${text}`, frames: frames.map((line) => line.trim()).slice(0, 12) };
}
