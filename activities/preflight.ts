import { isCutoverFault } from '../domain/faults';
import { inPlaceVerdict } from '../domain/in-place/verdict';
import { type PastRun } from '../domain/ports/run-history';
import { type DatabaseSession, type SessionOptions } from '../domain/ports/databases';
import { type SqlClient } from '../domain/ports/sql-client';
import { makePlan, type PlanFacts } from '../domain/plan';
import { noPrediction, predict, type Prediction, type PredictionSubject } from '../domain/predict';
import { type Plan } from '../domain/receipts';
import { type PreflightInput } from '../domain/steps';
import { byFullName } from '../hydra/by-full-name';
import { type RuleCountWithin, countRulesWithin, largeRemovals } from '../hydra/cleaning';
import { type CopyPath } from '../hydra/paths';
import { HYDRA_VERSION_FACTS, greenSettings } from '../hydra/versions';
import {
  checkMigrations,
  checkOwners,
  checkRowSecurity,
  checkTraces,
  readRows,
  readSizes,
} from './preflight/check-hydra-schema';
import { type KeyMadeAgain, checkCatalog } from './preflight/check-catalog';
import { checkPlanted } from './preflight/check-planted';
import { checkChallengeLengths } from './preflight/check-challenge-lengths';
import { checkKeysMadeAgain } from './preflight/check-keys';
import { checkFreeze } from './preflight/check-freeze';
import { checkLoginTtl } from './preflight/check-login-ttl';
import { checkCorsOrigins, checkObservations, quietHours } from './preflight/check-observations';
import { checkInput } from './preflight/check-input';
import {
  type FoundInstances,
  checkLeftAddress,
  checkCrossed,
  checkInstancePlan,
  checkInstances,
  checkStorage,
} from './preflight/check-instances';
import {
  checkHolders,
  checkRights,
  checkServer,
  PREFLIGHT_LIMITS,
  type PreflightLimits,
} from './preflight/check-server';
import { checkCommands, checkDependents, checkGateways, checkHydra } from './preflight/check-services';
import { checkReportFolder } from './preflight/check-report-folder';
import { checkWriteRate, readWritten } from './preflight/check-write-rate';
import { seeArbiter } from './preflight/seen-arbiter';
import { Findings } from './preflight/findings';
import { type CallersReceipt } from '../domain/callers';
import { callersProblems } from '../domain/evidence/callers';
import { CallerWatch } from './callers/caller-watch';
import { type ClientOrigins } from './evidence/cors-origins';
import { noticeOf } from './evidence/notice-of';
import { type Observed } from './evidence/observed';
import { listedAnd } from './evidence/read-gateways';
import { assertNoRealRun, rehearsalPlan } from './rehearsal/soft-findings';
import { type Step, type StepContext, type StepDeps } from './step';
import { pathOfRun } from './support/of-side';
import { type SideName } from '../domain/sides';

/** So many of the latest runs are asked how long they took. */
const HISTORY_RUNS = 10;

/**
 * Looks at everything that a cutover needs, and changes nothing: no statement writes, no command runs, nothing is made at the
 * provider. All checks run, whatever the others find.
 *
 * Idempotent. Traces of this cutover's own earlier steps are no problem, so that a workflow that was reset may come here again.
 * @returns the plan for the gate of that name
 * @throws CutoverFault CHECK_FAILED with all problems at once, each with what was observed, what is allowed and what to do;
 *   for a rehearsal CUTOVER_RUNNING, and only what keeps a copy from being made is a problem there: the rest is in its plan
 */
export const preflight: Step<PreflightInput, Plan> = createPreflight();

/** @param limits where findings stop being harmless; tests make them shorter */
export function createPreflight(limits: PreflightLimits = PREFLIGHT_LIMITS): Step<PreflightInput, Plan> {
  return async (deps, input, context) => {
    const findings = new Findings();
    const { from: leftSide, to: enteredSide } = deps.direction;
    const isRehearsal = input.mode === 'rehearse';
    const soft = isRehearsal ? { data: new Findings(), rest: new Findings() } : { data: findings, rest: findings };
    const attempt = (where: string, check: () => Promise<void> | void) => {
      context.heartbeat({ check: where });
      return findings.attempt(where, context.signal, check);
    };
    await attempt('settings', () => checkInput(deps, input, findings));
    const { instances, differences } = await lookAtInstances(deps, input, findings, attempt);
    const watch = new CallerWatch(deps, undefined, deps.targets.length > 0);
    await attempt('callers besides', async () => void (await watch.look()));
    const { browserClients, ...facts } = await lookAtLeft(
      deps,
      input,
      context,
      { findings, ...soft },
      limits,
      instances,
    );
    await attempt(`${leftSide}'s Hydra`, () => checkHydra(deps, soft.rest));
    await attempt('gateways', () => checkGateways(deps, soft.rest));
    let observed: Observed | undefined;
    await attempt('what the gateways saw', async () => {
      observed = await checkObservations(deps, soft.rest);
    });
    await attempt('targets and jobs', () => checkDependents(deps, soft.rest));
    await attempt('commands', () => checkCommands(deps, findings));
    let callers: CallersReceipt | undefined;
    await attempt('callers besides', async () => {
      callers = await watch.look();
      if (callers) callersProblems(callers).forEach((problem) => soft.rest.warnings.push(problem));
    });
    await attempt('folder of reports', () => checkReportFolder(deps, findings));
    const warnings = [...new Set([findings, soft.data, soft.rest])].flatMap((found) => found.warnings);
    for (const warning of warnings) deps.log.warn({ ...input, warning }, 'preflight warns');
    findings.throwIfAny();
    const { hydraVersion } = deps.settings;
    context.heartbeat({ check: 'earlier runs' });
    const runs = await earlierRuns(deps);
    const prediction = predicted(runs, { mode: input.mode, hydraVersion, ...facts });
    const versions = [hydraVersion[leftSide], hydraVersion[enteredSide]] as const;
    const inPlace = typeof runs === 'string' ? undefined : inPlaceVerdict(versions[0], runs);
    return makePlan({
      mode: input.mode,
      settings: deps.settings,
      ...facts,
      differences,
      greenSettings: greenSettings(HYDRA_VERSION_FACTS[versions[0]], HYDRA_VERSION_FACTS[versions[1]]),
      prediction,
      inPlace,
      callers,
      quietHours: observed && quietHours(observed, prediction, new Date()),
      ...(observed === undefined
        ? {}
        : { notice: noticeOf(pathOfRun(deps), observed, browserClients, deps.gateways.length) }),
      ...(isRehearsal ? { rehearsal: rehearsalPlan(deps, soft) } : {}),
      targets: deps.targets.map(({ name }) => name),
      gateways: deps.gateways.map(({ name }) => name),
      jobs: deps.jobs.map(({ name }) => name),
      warnings,
    });
  };
}

/** What the provider knows of both sides, and in what the copy's instance will not be as the left one. */
async function lookAtInstances(
  deps: StepDeps,
  input: PreflightInput,
  findings: Findings,
  attempt: (where: string, check: () => Promise<void>) => Promise<void>,
): Promise<{ readonly instances: FoundInstances; readonly differences: ReturnType<typeof checkInstancePlan> }> {
  let instances: FoundInstances = {};
  await attempt('instances', async () => {
    instances = await checkInstances(deps, input, findings);
  });
  const { left } = instances;
  if (left === undefined) return { instances, differences: [] };
  const differences = checkInstancePlan(deps, left, findings);
  await attempt(`${deps.direction.from}'s address`, () => checkLeftAddress(deps, left, findings));
  return { instances, differences };
}

/** @returns why they are not known, where they are not */
async function earlierRuns({ history, log, settings }: StepDeps): Promise<readonly PastRun[] | string> {
  if (history === undefined) return 'nobody keeps earlier runs here';
  try {
    return await history.recent(settings.environment.name, HISTORY_RUNS);
  } catch (error) {
    const code = isCutoverFault(error) ? error.code : 'INTERNAL';
    log.warn({ code }, 'earlier runs not read: no prediction');
    return `the earlier runs cannot be read: ${isCutoverFault(error) ? error.message : code}`;
  }
}

/** Without the earlier runs only the prediction is missing, whatever the reason. */
function predicted(runs: readonly PastRun[] | string, subject: PredictionSubject): Prediction {
  return typeof runs === 'string' ? noPrediction(runs) : predict(subject, runs);
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type LeftFacts = Pick<
  PlanFacts,
  'engineVersion' | 'databaseBytes' | 'rows' | 'rules' | 'catalog' | 'removals' | 'knownGateways'
> & { readonly browserClients: readonly ClientOrigins[] };

const NOTHING_KNOWN: LeftFacts = {
  engineVersion: 'unknown',
  databaseBytes: 0,
  rows: {},
  rules: [],
  catalog: [],
  removals: [],
  browserClients: [],
};

/** Where what is found goes; in a real run all of it to the same place. */
interface Found {
  readonly findings: Findings;
  readonly data: Findings;
  readonly rest: Findings;
}

/** Everything that one session on the left side tells. */
async function lookAtLeft(
  deps: StepDeps,
  input: PreflightInput,
  context: StepContext,
  { findings, data, rest }: Found,
  limits: PreflightLimits,
  instances: FoundInstances,
): Promise<LeftFacts> {
  const { settings, direction } = deps;
  const { from: leftSide, to: enteredSide } = direction;
  const facts: Mutable<LeftFacts> = { ...NOTHING_KNOWN };
  const options = { signal: context.signal, purpose: 'preflight' };
  const look = async (left: DatabaseSession) => {
    const keeper = await deps.databases.address(leftSide);
    if (input.mode === 'rehearse') assertNoRealRun(direction, (await seeArbiter(deps, left, keeper, options)).arbiter);
    const attempt = (where: string, check: () => Promise<void> | void) => {
      context.heartbeat({ check: where });
      return findings.attempt(where, context.signal, check);
    };
    const before = await readWritten(left, settings);
    let freeBytes: number | null = null;
    await attempt(`${leftSide}'s server`, async () => {
      facts.engineVersion = await checkServer(left, deps, findings, limits);
    });
    await attempt(`rights on ${leftSide}`, () => checkRights(left, keeper, deps, findings));
    await attempt(`transactions on ${leftSide}`, () => checkHolders(left, deps, rest, limits));
    await attempt(`age of tables on ${leftSide}`, () => checkFreeze(left, deps, rest));
    await attempt(`${enteredSide}'s address`, () => checkCrossed(deps, left, instances.entered, findings, context));
    await attempt(`storage of ${leftSide}`, async () => {
      const sizes = await readSizes(left);
      facts.databaseBytes = sizes.databaseBytes;
      if (instances.left) freeBytes = checkStorage(direction, instances.left, sizes, findings);
    });
    const soFar = findings.problems.length;
    await attempt(`traces on ${leftSide}`, async () => {
      const seen = await seeArbiter(deps, left, keeper, options);
      await checkTraces(left, seen, deps, input.cutoverId, findings);
      // Nothing is read of an arbiter that is somebody else's.
      if (findings.problems.length === soFar) facts.knownGateways = await listedAnd(deps.gateways, seen.members);
    });
    let isOurVersion = false;
    let keysMadeAgain: readonly KeyMadeAgain[] = [];
    await attempt(`schema of ${leftSide}`, async () => {
      isOurVersion = await checkMigrations(left, deps, findings);
    });
    if (!isOurVersion) return;
    const found = findings.problems.length;
    await attempt(`schema of ${leftSide}`, async () => {
      ({ planned: facts.catalog, keysMadeAgain } = await checkCatalog(left, keeper, deps, findings));
    });
    await attempt("owner of Hydra's tables", () => checkOwners(left, deps, findings));
    await attempt(`code of others on ${leftSide}`, () => checkPlanted(left, keeper, deps, findings));
    await attempt(`row level security on ${leftSide}`, () => checkRowSecurity(left, keeper, deps, findings));
    if (findings.problems.length > found) return;
    await attempt(`data on ${leftSide}`, async () => {
      Object.assign(facts, await readAsWorker(deps, keysMadeAgain, data, context));
    });
    await attempt(`writes on ${leftSide}`, async () => {
      checkWriteRate({ before, now: await readWritten(left, settings) }, freeBytes, deps, findings);
    });
  };
  context.signal.throwIfAborted();
  try {
    await lookFrom(deps, look, options);
  } catch (error) {
    context.signal.throwIfAborted();
    noteNoSession(leftSide, error, findings);
  }
  return facts;
}

/** @throws what is no want of a session */
function noteNoSession(leftSide: SideName, error: unknown, findings: Findings): void {
  if (!isCutoverFault(error) || error.code === 'CUTOVER_RUNNING') throw error;
  const { what, fix } = error.details;
  findings.problem(
    `${leftSide}'s database`,
    typeof what === 'string' ? what : error.message,
    typeof fix === 'string' ? fix : 'fix that and look again',
  );
}

/** As the role that only looks, where there is one: then who acts later is only let in. */
async function lookFrom(
  { databases, settings, direction: { from: leftSide } }: StepDeps,
  look: (left: DatabaseSession) => Promise<void>,
  options: SessionOptions,
): Promise<void> {
  await databases.withSession(leftSide, look, { ...options, as: 'look' });
  if (settings.lookRoles?.[leftSide] !== undefined)
    await databases.withSession(leftSide, () => Promise.resolve(), options);
}

/** In a session of its own: what others planted must meet nobody who decides. */
function readAsWorker(
  deps: StepDeps,
  keysMadeAgain: readonly KeyMadeAgain[],
  findings: Findings,
  { signal }: StepContext,
): ReturnType<typeof readData> {
  const read = (reader: DatabaseSession) => readData(reader, deps, keysMadeAgain, findings);
  return deps.databases.withSession(deps.direction.from, read, { signal, purpose: 'preflight', as: 'worker' });
}

/** Rows of the tables, what the rules say of them, and where they would take a large share of one. */
async function readData(
  left: SqlClient,
  deps: StepDeps,
  keysMadeAgain: readonly KeyMadeAgain[],
  findings: Findings,
): Promise<Pick<LeftFacts, 'rows' | 'rules' | 'removals' | 'browserClients'>> {
  const { settings } = deps;
  const named = await byFullName(left, settings.hydraSchema);
  await checkLoginTtl(named, deps, findings);
  await checkChallengeLengths(named, deps, findings);
  await checkKeysMadeAgain(deps.direction, named, keysMadeAgain, findings);
  const browserClients = await checkCorsOrigins(named, deps, findings);
  const path = pathOfRun(deps);
  const rows = await readRows(left, deps);
  const counts = await readRules(path, deps.direction.from, named, findings);
  const rules = counts.map(({ id, title, kind, rows: counted, isEstimate }) => ({
    id,
    title,
    kind,
    rows: counted,
    ...(isEstimate ? ({ isEstimate } as const) : {}),
  }));
  const { removedShareMax } = settings.cleaning;
  return {
    rows,
    rules,
    browserClients,
    removals: largeRemovals(path.cleaning, counts, (table) => rows[table] ?? 0, removedShareMax),
  };
}

/** For all rules together, on a database that serves. */
const COUNT_LIMIT_MS = 120_000;

/** Counts what breaks the migration: what a rule cleans belongs into the plan, the rest needs a person. */
async function readRules(
  path: CopyPath,
  leftSide: SideName,
  left: SqlClient,
  findings: Findings,
): Promise<readonly RuleCountWithin[]> {
  const counts = await countRulesWithin(path, left, COUNT_LIMIT_MS);
  // That a sample has none of what only a person can decide about says nothing.
  const uncounted = counts.filter(
    ({ kind, rows, isEstimate }) => rows === null || (kind === 'refuse' && isEstimate && rows === 0),
  );
  if (uncounted.length > 0) {
    findings.warn(
      `data rules ${uncounted.map(({ id }) => id).join(', ')} on ${leftSide}`,
      `not counted within their share of ${COUNT_LIMIT_MS / 1_000} s, so that nothing is known of them; they are counted on the copy`,
      'a rehearsal shows what they find; what only a person can decide about ends the run there',
    );
  }
  for (const { id, title, kind, rows, fix } of counts) {
    if (kind === 'refuse' && rows !== null && rows > 0)
      findings.problem(`data rule ${id} on ${leftSide}`, `${rows} ${title}`, fix, '0');
  }
  return counts;
}
