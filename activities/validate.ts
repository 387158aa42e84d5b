import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../domain/faults';
import { type ConsentSample } from '../domain/ports/hydra-api';
import { type SqlClient } from '../domain/ports/sql-client';
import { type ValidationReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { readArbiter } from '../hydra/arbiter/arbiter';
import { HYDRA_VERSION_FACTS } from '../hydra/versions';
import {
  type Sample,
  clientsIn,
  consentOrigins,
  validConsentsIn,
  compareAnswers,
  editedBetween,
  keysIn,
  readSamples,
  sessionsIn,
} from '../hydra/validation';
import { followUser } from './canary-user/follow-user';
import { judgeConsents } from './support/consent-verdict';
import { graceProblem } from './support/grace-problem';
import { readTargets } from './support/read-targets';
import { withLeft } from './support/with-left';
import { withEntered, withEnteredRows } from './support/with-entered';
import { type Step, type StepContext, type StepDeps } from './step';
import { pathOfRun } from './support/of-side';

type Check = ValidationReceipt['checks'][number];
interface Sides {
  readonly left: SqlClient;
  readonly entered: SqlClient;
}

/** Users go on revoking while we look; more than this share of the samples is no coincidence. */
const GONE_SHARE_MAX = 0.5;
/** Clients and consents that are named. */
const NAMED_MAX = 20;
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 2_000;

/**
 * Asks the entered side's Hydra what the left one's had been asked before the switchover, logs a synthetic user in, and reads every target back.
 * Changes nothing but for the synthetic login, which removes its traces, and the canary user: see {@link followUser}.
 *
 * What differs is judged by the rows of both databases: those of the left one are as they were at the commit.
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE; a Hydra that does not answer is a failed check
 */
export const validate: Step<StepInput, ValidationReceipt> = async (deps, input, context) => {
  const checks = await compareWithLeft(deps, input, context);
  const canaryUser = await followUser(deps, input, context);
  const { state, why, loggedInAt, beforeSnapshot, steps } = canaryUser;
  if (state !== 'inconclusive') {
    const since = `logged in on ${deps.direction.from} at ${loggedInAt}, ${beforeSnapshot ? 'before' : 'after'} the snapshot`;
    const observed = `${since}; ${why ?? `went on with ${steps.map(({ step }) => step).join(', ')}`}`;
    checks.push({ name: 'users stay logged in', ok: state === 'held', observed });
  }
  return { ok: checks.every(({ ok }) => ok), checks, canaryUser };
};

const compareWithLeft: Step<StepInput, Check[]> = (deps, input, context) =>
  withLeft(deps, context, 'validate', (left) =>
    withEnteredRows(deps, input, context, 'validate', async (entered) => {
      const sides = { left, entered };
      const { from, to } = deps.direction;
      const { samples, epoch, state } = await withEntered(deps, input, context, 'validate', async (keeper) => ({
        samples: await readSamples(keeper),
        ...(await readArbiter(keeper)),
      }));
      const checks: Check[] = [
        { name: `${to} takes writes`, ok: state === 'open', observed: `${state}, epoch ${epoch}` },
        { name: `samples of ${from}`, ok: samples.length > 0, observed: `${samples.length} answers` },
        await checked(context, 'issuer', () => checkIssuer(deps, samples)),
        await checked(context, 'public keys', () => checkKeys(deps, samples, left)),
        await checked(context, 'consent sessions', () => checkConsents(deps, context, samples, sides)),
        await checked(context, 'clients', () => checkClients(deps, context, samples, sides)),
        await checked(context, 'targets', () => checkTargets(deps, epoch)),
      ];
      if (deps.settings.validation.syntheticLogin) {
        checks.push(await checked(context, 'synthetic login', () => checkLogin(deps)));
      }
      return checks;
    }),
  );

type Finding = Omit<Check, 'name'>;

/**
 * A Hydra or target that does not answer, and goes on not to, has not passed; the other checks are still worth reading. Behind the
 * commit a person is asked only when looking again did not help.
 */
async function checked(context: StepContext, name: string, check: () => Promise<Finding>): Promise<Check> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { name, ...(await check()) };
    } catch (error) {
      if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
      if (attempt === ATTEMPTS || !error.retryable) {
        return { name, ok: false, observed: `${error.code}: ${error.message}` };
      }
      context.heartbeat({ step: name, attempt });
      await sleep(RETRY_DELAY_MS, undefined, { signal: context.signal });
    }
  }
}

async function checkIssuer(deps: StepDeps, samples: readonly Sample[]): Promise<Finding> {
  const before = samples.find(({ kind }) => kind === 'issuer')?.answer;
  const { from, to } = deps.direction;
  const now = await deps.hydra.issuer(to);
  return { ok: before === now, observed: before === now ? now : `${now}; on ${from} it was ${String(before)}` };
}

async function checkKeys(deps: StepDeps, samples: readonly Sample[], left: SqlClient): Promise<Finding> {
  const before = (samples.find(({ kind }) => kind === 'keys')?.answer ?? []) as readonly string[];
  const { from, to } = deps.direction;
  const now = new Set(await deps.hydra.publicKeys(to));
  const gone = before.filter((kid) => !now.has(kid));
  // One that the left side has not either was removed before the commit.
  const stillThere = await keysIn(left, gone);
  const lost = gone.filter((kid) => stillThere.has(kid));
  return {
    ok: lost.length === 0,
    observed: `${now.size} published, ${before.length - gone.length} of ${from}'s ${before.length} among them`,
  };
}

async function checkConsents(
  deps: StepDeps,
  context: StepContext,
  samples: readonly Sample[],
  sides: Sides,
): Promise<Finding> {
  const path = pathOfRun(deps);
  const { from, to } = deps.direction;
  const total = { same: 0, revokedBefore: 0, goneSince: 0 };
  const named: string[] = [];
  let [hidden, changed] = [0, 0];
  const subjects = samples.filter(({ kind }) => kind === 'consents');
  for (const [done, { key, answer }] of subjects.entries()) {
    context.heartbeat({ step: 'consent sessions', done, of: subjects.length });
    const sampled = answer as readonly ConsentSample[];
    const ids = sampled.map(({ consentId }) => consentId);
    // Hydra first: what is revoked in between is then missing in both.
    const answered = await deps.hydra.consents(to, key);
    const origins = await consentOrigins(path.consents, sides.left, ids);
    const sessions = [...origins.values()].flatMap(({ loginSession }) => loginSession ?? []);
    const rows = {
      side: from,
      origins,
      valid: await validConsentsIn(sides.entered, ids),
      sessions: await sessionsIn(sides.entered, sessions),
    };
    const verdict = judgeConsents(path.differences, sampled, answered, rows);
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += verdict[name];
    hidden += verdict.hidden.length;
    changed += verdict.changed.length;
    named.push(
      ...verdict.hidden,
      ...verdict.changed.map(({ consentId, fields }) => `${consentId} (${fields.join(', ')})`),
    );
  }
  const { same, revokedBefore, goneSince } = total;
  const which = named.length === 0 ? '' : `: ${named.slice(0, NAMED_MAX).join(', ')}`;
  return {
    ok: hidden === 0 && changed === 0 && goneSince <= (same + goneSince) * GONE_SHARE_MAX,
    observed: `${subjects.length} subjects: ${same} consents as on ${from}, ${hidden} not listed though there, ${changed} changed, ${revokedBefore} gone on both sides, ${goneSince} gone on ${to} since${which}`,
  };
}

async function checkClients(
  deps: StepDeps,
  context: StepContext,
  samples: readonly Sample[],
  sides: Sides,
): Promise<Finding> {
  const path = pathOfRun(deps);
  const { from, to } = deps.direction;
  const counts = { same: 0, edited: 0, removed: 0, missing: 0 };
  const differing: string[] = [];
  const clients = samples.filter(({ kind }) => kind === 'client');
  for (const [done, { key, answer }] of clients.entries()) {
    context.heartbeat({ step: 'clients', done, of: clients.length });
    const before = answer as Readonly<Record<string, unknown>>;
    const now = await deps.hydra.client(to, key);
    if (now === undefined) {
      const there = await clientsIn(sides.entered, [key]);
      counts[there.has(key) ? 'missing' : 'removed'] += 1;
      continue;
    }
    const fields = compareAnswers(path.differences, 'client', before, now).map(({ path }) => path);
    if (fields.length === 0) counts.same += 1;
    else if (editedBetween(before, now)) counts.edited += 1;
    else differing.push(`${key} (${fields.sort().join(', ')})`);
  }
  const { same, edited, removed, missing } = counts;
  const shown = differing.slice(0, NAMED_MAX).join('; ');
  const different = differing.length === 0 ? '' : `; ${differing.length} differ: ${shown}`;
  return {
    ok: differing.length === 0 && missing === 0,
    observed: `${same} of ${clients.length} as on ${from}, ${edited} edited and ${removed} removed since, ${missing} not found though there${different}`,
  };
}

async function checkTargets(deps: StepDeps, epoch: number): Promise<Finding> {
  const { problems, count } = await readTargets(deps, epoch);
  const observed =
    problems.length > 0 ? problems.join('; ') : `${count} serve ${deps.direction.to} under epoch ${epoch}`;
  return { ok: problems.length === 0, observed };
}

async function checkLogin(deps: StepDeps): Promise<Finding> {
  const { durationMs, steps, cookies, refreshGrace } = await deps.hydra.syntheticLogin(deps.direction.to);
  const took = `${steps.length} steps in ${durationMs} ms`;
  const { cookies: named } = HYDRA_VERSION_FACTS[deps.settings.hydraVersion[deps.direction.from]];
  const { session } = named.names;
  const grace = graceProblem(refreshGrace, deps);
  if (grace !== undefined) return { ok: false, observed: `${took}; ${grace}` };
  if (named.renamable || cookies.includes(session)) return { ok: true, observed: took };
  const observed = `${took}, and no cookie ${session}, by which browsers know their session: set serve.cookies.names.session`;
  return { ok: false, observed };
}
