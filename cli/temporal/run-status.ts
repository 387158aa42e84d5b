import { CutoverFault, FAULTS } from '../../domain/faults';
import { lineJson, print, printJson, widthOf, type CliContext } from '../context';
import { askIfPossible } from './ask-if-possible';
import { withCutover, type CutoverSession } from './cutover-session';
import { askDatabases, renderTale, type DatabasesTale } from './databases-tale';
import { loadEnvironment, loadForTemporal, type EnvironmentOptions } from './environment-options';
import { isEndedByForce, look, type Look } from './look';
import { renderStatus } from './render-status';
import { isTemporalSilent } from './temporal-fault';
import { exitCodeOfLook, watch } from './watch';
import { leaveScreen, watcherOf, type Watcher } from './watchers';

export interface StatusOptions extends EnvironmentOptions {
  readonly watch: boolean;
  /** Of `watch`, in milliseconds. */
  readonly timeout?: number;
  /** Only what the databases and the provider tell. */
  readonly fromDatabases?: boolean;
}

/** @throws CutoverFault USAGE | CUTOVER_UNKNOWN, when the databases know of none either */
export async function runStatus(options: StatusOptions, context: CliContext): Promise<number> {
  if (options.timeout !== undefined && !options.watch) {
    throw new CutoverFault('USAGE', '--timeout is how long --watch waits; give both, or neither');
  }
  if (options.fromDatabases === true) {
    const tale = await askDatabases(loadEnvironment(options, context), context);
    const exitCode = tale.isKnown ? 0 : FAULTS.DB_UNREACHABLE.exitCode;
    tell(options, context, { exitCode, tale });
    return exitCode;
  }
  const config = loadForTemporal(options, context);
  try {
    return await withCutover(config, context.env, async (session) => {
      const seen = await follow(session, options, context);
      const { end: now, fault, watcher } = seen;
      const tale = isHalfTruth(now) ? await askIfPossible(options, context, now) : undefined;
      const exitCode = fault?.exitCode ?? exitCodeOfLook(now, tale);
      if (watcher !== undefined) leaveScreen(context, watcher);
      const isShown = watcher !== undefined && !watcher.isScreen;
      tell(options, context, { exitCode, look: now, isShown, ...(tale && { tale }), ...(fault && { fault }) });
      return exitCode;
    });
  } catch (error) {
    if (!isTemporalSilent(error)) throw error;
    return withoutTemporal(options, context, error);
  }
}

interface Followed {
  readonly end: Look;
  readonly fault?: CutoverFault;
  /** Where it was shown; undefined: nobody watched. */
  readonly watcher?: Watcher;
}

async function follow(session: CutoverSession, options: StatusOptions, context: CliContext): Promise<Followed> {
  if (!options.watch) return { end: await look(session) };
  const watcher = watcherOf(context, options);
  const timeout = options.timeout === undefined ? {} : { timeoutMs: options.timeout };
  return { watcher, ...(await watch(session, watcher, { stopAtIntervene: false, ...timeout })) };
}

/** Nothing was undone by a run that was ended by force, and one that was reset has forgotten what it did. */
function isHalfTruth({ temporal, wasReset }: Look): boolean {
  return isEndedByForce(temporal) || wasReset;
}

/** A cutover that Temporal does not know, or that belongs to a Temporal that is gone, is in the databases all the same. */
async function withoutTemporal(options: StatusOptions, context: CliContext, fault: CutoverFault): Promise<number> {
  const tale = await askIfPossible(options, context);
  if (tale === undefined) throw fault;
  // One that answers and has lost the cutover, or its whole namespace, will not have it back.
  const isUnknown = fault.code !== 'TEMPORAL_UNREACHABLE';
  if (!tale.isTouched && (tale.isKnown || isUnknown)) throw withDatabases(fault, tale);
  const exitCode = isUnknown ? FAULTS.PERSON_NEEDED.exitCode : fault.exitCode;
  tell(options, context, { exitCode, fault, tale });
  return exitCode;
}

/** Nothing of a cutover was found; whether none is there is another question. */
function withDatabases({ code, message, details }: CutoverFault, { isKnown, next }: DatabasesTale): CutoverFault {
  const told = isKnown
    ? "Blue's database knows of no cutover either"
    : `Blue's database does not show whether one was begun, either: ${next.join('; ')}`;
  return new CutoverFault(code, `${message}. ${told}`, details);
}

interface Told {
  readonly exitCode: number;
  readonly look?: Look;
  /** It stands there already. */
  readonly isShown?: boolean;
  readonly tale?: DatabasesTale;
  readonly fault?: CutoverFault;
}

function tell(options: StatusOptions, context: CliContext, { exitCode, look: now, isShown, tale, fault }: Told): void {
  if (options.json) {
    const refusal = fault === undefined ? {} : { fault: { code: fault.code, message: fault.message } };
    const print = options.watch ? lineJson : printJson;
    print(context, { verb: 'status', ok: exitCode === 0, ...now, ...refusal, databases: tale ?? null });
    return;
  }
  if (fault !== undefined) print(context, `${fault.message}\n`);
  if (now !== undefined && isShown !== true)
    context.stdout.write(renderStatus(now, options.config, widthOf(context.stdout), tale));
  if (tale !== undefined) print(context, renderTale(tale));
}
