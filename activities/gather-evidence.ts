import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AnswersReceipt,
  type CanaryEvidence,
  type CutoverEvidence,
  type ParityReceipt,
  type ProofReceipt,
} from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { guardProblems } from '../hydra/arbiter';
import {
  type SentCanary,
  captureProblems,
  changeLogSize,
  isCanaryDone,
  lastChangeId,
  sendCanary,
} from '../hydra/capture';
import { type ParityProof } from '../hydra/parity';
import { type PartReceipt, type RoundReceipt, type SyncSides, readBacklog, syncRound } from '../hydra/sync';
import { callersProblems } from '../domain/evidence/callers';
import { askBothSides } from './answers/both-sides';
import { watchForEvidence } from './callers/callers-beside';
import { keepTraffic } from './baking/keep-traffic';
import { userAtEntered } from './canary-user/user-at-entered';
import { blockersOf } from './evidence/blockers';
import { noticesOf } from './evidence/notices';
import { compareRecent } from './evidence/compare-recent';
import { partyProblems } from './evidence/party-problems';
import { readGateways } from './evidence/read-gateways';
import { serviceDifferences } from './support/service-differences';
import { clientsLatency } from './evidence/clients-latency';
import { requestsPerSecond } from './evidence/requests-per-second';
import { pausedBy } from './brake';
import { largeLog } from './log-upkeep';
import { settleProof } from './parity/settle-proof';
import { readShadowed } from './evidence/shadow-round';
import { sideLoads } from './evidence/side-load';
import { withLeft } from './support/with-left';
import { withEnteredRows } from './support/with-entered';
import { type Step, type StepContext, type StepDeps } from './step';
import { type SyncSession, type WaitingRows, roundOrReason, withSync } from './sync-session';
import { bySide } from '../domain/sides';

/** What hold, fence, commit, flip and release take besides the last round. */
const PAUSE_BESIDES_ROUND_MS = 150;
const MEASURED_ROUNDS = 5;

/**
 * Gathers what a person needs to decide for or against the switchover, and every problem that would stop it, all at once. Moves
 * the sync on meanwhile; changes nothing else. A row of the left side that cannot be carried is a problem among them, and nothing is measured
 * until it is corrected: the run waits at the gate and is not undone for it.
 * What Hydra on the entered side answers while that is closed is compared with what the left one's says: see {@link askBothSides}.
 *
 * @throws CutoverFault CAPTURE_BROKEN (a canary does not reach the change log) | SYNC_FENCED | SYNC_FAILED | CROSSED_CONNECTION |
 *   DB_UNREACHABLE
 */
export const gatherEvidence: Step<StepInput, CutoverEvidence> = (deps, input, context) =>
  withSync(deps, input, { signal: context.signal, purpose: 'evidence' }, async (session) => {
    const { from, to } = deps.direction;
    const paused = await pausedBy(deps, input);
    if (paused === undefined) return gather(deps, input, session, context);
    const problem = `${paused.by} paused the reading of ${from} at ${paused.at}, so that ${to} falls behind and nothing is measured; resume it with \`hydra-cutover resume\``;
    return unmeasured(deps, session.sides.keeper, context, [problem]);
  });

async function gather(
  deps: StepDeps,
  input: StepInput,
  session: SyncSession,
  context: StepContext,
): Promise<CutoverEvidence> {
  const { from, to } = deps.direction;
  const { sides, admin } = session;
  // As our role: it looks at what is ours.
  const { keeper: left } = sides;
  const { batchRows } = deps.settings.sync;
  const onPart = ({ changes }: PartReceipt): void => context.heartbeat({ step: 'carrying changes', part: changes });
  const options = { batchRows, signal: context.signal, onPart };
  const latency = await clientsLatency(deps);
  const seenCallers = await watchForEvidence(deps, session);
  // First, because a table that was rewritten is no problem once it is carried.
  const first = await roundOrReason(deps, sides, options);
  context.heartbeat({ step: 'looking for problems' });
  const { problems, longestWriteMs } = await problemsOf(deps, left, admin);
  context.heartbeat({ step: `asking what ${to} answers otherwise` });
  const shadowed = await readShadowed(deps, input.cutoverId);
  problems.push(...(await answersOtherwise(deps, input, context)), ...shadowed.problems);
  const seen = {
    ...(await noticesOf(deps, sides.from)),
    longestWriteMs,
    shadow: shadowed.summary,
    shadowCompared: shadowed.compared,
    load: await sideLoads(deps, bySide(deps.direction, left, admin), context.signal),
    knownGateways: await readGateways(deps.gateways, left),
  };
  if ('held' in first) {
    return {
      ...(await unmeasured(deps, left, context, [await waitingProblem(deps, left, first), ...problems])),
      ...seen,
    };
  }
  context.heartbeat({ step: 'sending a canary' });
  const canary = await carryCanary(sides, admin, options);
  if (!canary.arrived) problems.push(`a canary written on ${from} did not arrive on ${to}`);
  context.heartbeat({ step: 'measuring rounds' });
  const growth = await startOfLog(left);
  const rounds = await measureRounds(sides, options, deps.settings.sync.idleMs);
  const changesPerSecond = await growth();
  const { bytes: changeLogBytes } = await changeLogSize(left);
  const tooLarge = largeLog(deps, changeLogBytes);
  if (tooLarge !== undefined) problems.push(tooLarge);
  context.heartbeat({ step: 'comparing recent changes' });
  const proof = await settleProof(deps, { sides, admin }, { signal: context.signal });
  const parity = withLasting(await compareRecent(sides, options), proof);
  if (parity.differences > 0) problems.push(`${parity.differences} rows of ${to} differ from ${from}`);
  const { differing, ...asked } = await askBeforeCommit(deps, input, session, options, context);
  const callers = await seenCallers();
  problems.push(...differing, ...callersProblems(callers));
  const last = rounds.at(-1);
  return {
    gatheredAt: new Date().toISOString(),
    backlog: last?.backlog ?? 0,
    lastRoundMs: last?.durationMs ?? 0,
    parity,
    proof: proofReceipt(proof),
    canaryMs: canary.ms,
    requestsPerSecond: await requestsPerSecond(deps, context.signal),
    clientsP95Ms: await latency(),
    changesPerSecond,
    changeLogBytes,
    predictedPauseMs: Math.max(...rounds.map(({ durationMs }) => durationMs)) + PAUSE_BESIDES_ROUND_MS,
    ...asked,
    callers,
    problems,
    ...seen,
  };
}

/** What would stop the switchover, or make it worth less than it seems. */
async function problemsOf(
  deps: StepDeps,
  left: SyncSides['from'],
  admin: SyncSides['to'],
): Promise<{ readonly problems: string[]; readonly longestWriteMs: number | null }> {
  const { from, to } = deps.direction;
  const blockers = await blockersOf(left, from);
  const problems = [
    ...(await captureProblems(left)).map((problem) => `capture on ${from}: ${problem}`),
    ...(await guardProblems(left)).map((problem) => `guards on ${from}: ${problem}`),
    ...(await guardProblems(admin)).map((problem) => `guards on ${to}: ${problem}`),
    ...blockers.problems,
    ...(await partyProblems(deps, left)),
  ];
  return { problems, longestWriteMs: blockers.longestWriteMs };
}

/** As the role that reads Hydra's rows, and not as ours, as which anything that their owner has put there would run. */
function answersOtherwise(deps: StepDeps, input: StepInput, context: StepContext): Promise<readonly string[]> {
  return withEnteredRows(deps, input, context, 'compare Hydras', (entered) => serviceDifferences(deps, entered));
}

/** What the comparison of all rows found that no round carried counts as what changed last does: nothing moves with it. */
function withLasting(recent: ParityReceipt, { differences, examples }: ParityProof): ParityReceipt {
  return {
    ...recent,
    rows: Math.max(recent.rows, differences),
    differences: recent.differences + differences,
    examples: [...recent.examples, ...examples].slice(0, 20),
  };
}

function proofReceipt({ provenSince, ageMs, unequal }: ParityProof): ProofReceipt {
  return { provenSince, ageMs, unequal };
}

async function waitingProblem(
  { direction: { from } }: StepDeps,
  left: SyncSides['from'],
  { held, rows }: WaitingRows,
): Promise<string> {
  const backlog = await readBacklog(left);
  return `at least ${rows} rows of ${from} wait to be corrected there, and ${backlog} changes are not carried, so that no attempt can commit: ${held}`;
}

async function unmeasured(
  deps: StepDeps,
  left: SyncSides['from'],
  context: StepContext,
  problems: readonly string[],
): Promise<CutoverEvidence> {
  return {
    gatheredAt: new Date().toISOString(),
    backlog: await readBacklog(left),
    lastRoundMs: null,
    parity: { tables: {}, rows: 0, differences: 0, examples: [] },
    canaryMs: null,
    requestsPerSecond: await requestsPerSecond(deps, context.signal),
    predictedPauseMs: null,
    answers: null,
    problems,
  };
}

/** All that is asked of Hydra after the commit is asked before it, as far as it is no write. */
async function askBeforeCommit(
  deps: StepDeps,
  input: StepInput,
  { sides, admin }: SyncSession,
  options: Options,
  context: StepContext,
): Promise<{ answers: AnswersReceipt; canaryUser: CanaryEvidence; differing: readonly string[] }> {
  const { from, to } = deps.direction;
  const carry = async (): Promise<void> => void (await syncRound(sides, options));
  await keepTraffic(deps, admin);
  const answers = await withLeft(deps, context, 'compare answers', (left) =>
    withEnteredRows(deps, input, context, 'compare answers', (entered) =>
      askBothSides(deps, { left, entered, carry }, context),
    ),
  );
  const canaryUser = await userAtEntered(deps, input, carry, context);
  const differing = [
    ...(answers.found > 0 ? [`${answers.found} answers of Hydra on ${to} are not those of ${from}`] : []),
    ...(canaryUser.state === 'wrong' ? [`the canary user of ${from} would be lost: ${canaryUser.why}`] : []),
  ];
  return { answers, canaryUser, differing };
}

interface Options {
  readonly batchRows: number;
  readonly signal: AbortSignal;
}

async function carryCanary(
  sides: SyncSides,
  admin: SyncSides['to'],
  options: Options,
): Promise<{ readonly ms: number; readonly arrived: boolean }> {
  const startedAt = performance.now();
  const sent: SentCanary = await sendCanary(sides.keeper);
  await syncRound(sides, options);
  const { rows } = await admin.query('SELECT 1 FROM hydra_cutover.canary WHERE log_id = $1', [sent.changeId]);
  const ms = Math.ceil(performance.now() - startedAt);
  return { ms, arrived: rows.length === 1 && (await isCanaryDone(sides.from, sent)) };
}

/** @returns how many changes a second the left side has logged since, once it is asked */
async function startOfLog(left: SyncSides['from']): Promise<() => Promise<number>> {
  const startedAt = performance.now();
  const before = await lastChangeId(left);
  return async () => {
    const seconds = (performance.now() - startedAt) / 1_000;
    return Math.round(((await lastChangeId(left)) - before) / seconds);
  };
}

/** Rounds a moment apart, as the pause would have them. */
async function measureRounds(sides: SyncSides, options: Options, idleMs: number): Promise<readonly RoundReceipt[]> {
  const rounds: RoundReceipt[] = [];
  while (rounds.length < MEASURED_ROUNDS) {
    rounds.push(await syncRound(sides, options));
    await sleep(Math.min(idleMs, 200), undefined, { signal: options.signal });
  }
  return rounds;
}
