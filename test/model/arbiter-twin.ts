import { type SideName } from '../../domain/sides';

/**
 * What `hydra/arbiter/arbiter.sql` does, as pure functions over plain values: the arbiter of the model. Only as good as the test that
 * holds it against the SQL on a real server, `test/integration/hydra/arbiter/twin.test.ts`: same calls, same answers, same rows.
 *
 * Time is a fact here: a lease is live or over. Locks are not, because each function holds the barrier from its first to its last
 * statement, so that functions happen one after the other.
 */
export interface TwinAttempt {
  readonly attempt: number;
  readonly epoch: number;
  readonly state: 'holding' | 'fenced' | 'aborted' | 'committed';
  readonly isLeaseLive: boolean;
}

/** A gateway that is counted by a fence. */
export interface TwinMember {
  readonly member: string;
  readonly isLeaseLive: boolean;
  readonly boundEpoch: number;
  readonly movedEpoch: number;
}

export type TwinSideState = 'open' | 'fenced' | 'committed' | 'closed' | 'abandoned' | 'removing';

export interface ArbiterTwin {
  readonly side: SideName;
  readonly state: TwinSideState;
  readonly attempt: number;
  readonly epoch: number;
  readonly isArmed: boolean;
  readonly attempts: readonly TwinAttempt[];
  readonly finalized: readonly number[];
  /** In the order of their names, which are their ids here. */
  readonly members: readonly TwinMember[];
  /** What the functions of the change log and the catalog checks would answer. */
  readonly undone: number;
  readonly problems: readonly string[];
}

/** A parameter as SQL may be given it. */
export type Epoch = number | null;

export interface TwinCall<Answer> {
  readonly twin: ArbiterTwin;
  readonly answer: Answer;
}

/** What PostgreSQL ends a call with; nothing has changed then. */
export class TwinError extends Error {
  constructor(readonly code: string) {
    super(`SQLSTATE ${code}`);
  }
}

/** As it is installed: on the side that is left `open`, on the one that is entered `closed`. */
export function newArbiterTwin(side: SideName, state: 'open' | 'closed'): ArbiterTwin {
  return {
    side,
    state,
    attempt: 0,
    epoch: 0,
    isArmed: state === 'closed',
    attempts: [],
    finalized: [],
    members: [],
    undone: 0,
    problems: [],
  };
}

/** Whether the guards let a client's write pass now. */
export function acceptsWrites(twin: ArbiterTwin): boolean {
  if (!twin.isArmed || twin.state === 'open' || twin.state === 'removing') return true;
  return twin.state === 'fenced' && !isLeaseLive(twin);
}

/** Not a function of the SQL: time goes by until no lease of this arbiter is live. */
export function endLeases(twin: ArbiterTwin): ArbiterTwin {
  return { ...twin, attempts: twin.attempts.map((each) => ({ ...each, isLeaseLive: false })) };
}

/** Not a function of the SQL: time goes by until the lease of no member is live. */
export function endMemberLeases(twin: ArbiterTwin): ArbiterTwin {
  return { ...twin, members: twin.members.map((each) => ({ ...each, isLeaseLive: false })) };
}

/** Not a function of the SQL: the same for one of them, which did not beat. */
export function endLeaseOf(twin: ArbiterTwin, member: string): ArbiterTwin {
  const ended = twin.members.map((each) => (each.member === member ? { ...each, isLeaseLive: false } : each));
  return { ...twin, members: ended };
}

export type BeginReason = TwinSideState | 'attempt_alive' | 'stale_epoch';
export type TwinBegin =
  | { readonly ok: true; readonly attempt: number; readonly epoch: number }
  | { readonly ok: false; readonly reason: BeginReason; readonly attempt?: number; readonly epoch: number };

const CLOSED_TO_ATTEMPTS: readonly TwinSideState[] = ['committed', 'closed', 'abandoned', 'removing'];

export function beginAttempt(twin: ArbiterTwin, epoch: Epoch, leaseMs: number | null): TwinCall<TwinBegin> {
  if (CLOSED_TO_ATTEMPTS.includes(twin.state)) {
    return same(twin, { ok: false, reason: twin.state, attempt: twin.attempt, epoch: twin.epoch });
  }
  const alive = living(twin);
  if (alive !== undefined) {
    return same(twin, { ok: false, reason: 'attempt_alive', attempt: alive.attempt, epoch: alive.epoch });
  }
  if (epoch !== null && epoch <= highestEpoch(twin)) {
    return same(twin, { ok: false, reason: 'stale_epoch', epoch: highestEpoch(twin) });
  }
  if (epoch === null || leaseMs === null) throw new TwinError(NOT_NULL_VIOLATION);
  const made = { attempt: nextAttempt(twin), epoch, state: 'holding' as const, isLeaseLive: leaseMs > 0 };
  const attempts = [...abortUndecided(twin.attempts), made];
  const state = twin.state === 'fenced' ? 'open' : twin.state;
  return { twin: { ...twin, state, attempts }, answer: { ok: true, attempt: made.attempt, epoch } };
}

export type TwinFence =
  | { readonly ok: true; readonly alreadyFenced: boolean }
  | {
      readonly ok: false;
      readonly reason: TwinAttempt['state'] | 'unknown_attempt' | 'lease_over' | 'members';
      readonly alive?: readonly string[];
      readonly silent?: readonly string[];
    };

export function fence(twin: ArbiterTwin, attempt: Epoch, acknowledged: readonly string[] = []): TwinCall<TwinFence> {
  const mine = find(twin, attempt);
  if (mine?.state === 'fenced' && mine.isLeaseLive) return same(twin, { ok: true, alreadyFenced: true });
  if (mine?.state !== 'holding') return same(twin, { ok: false, reason: mine?.state ?? 'unknown_attempt' });
  if (!mine.isLeaseLive) return same(twin, { ok: false, reason: 'lease_over' });
  const others = twin.members.filter(
    ({ member, isLeaseLive, boundEpoch }) =>
      !acknowledged.includes(member) && (isLeaseLive || boundEpoch !== mine.epoch),
  );
  if (others.length > 0) {
    const named = (isLive: boolean) =>
      others.flatMap(({ member, isLeaseLive }) => (isLeaseLive === isLive ? [member] : []));
    return same(twin, { ok: false, reason: 'members', alive: named(true), silent: named(false) });
  }
  const members = twin.members.map((each) =>
    acknowledged.includes(each.member) ? { ...each, boundEpoch: mine.epoch } : each,
  );
  const run = { state: 'fenced' as const, attempt: mine.attempt, epoch: mine.epoch, isArmed: true, members };
  return { twin: decide({ ...twin, ...run }, mine, 'fenced'), answer: { ok: true, alreadyFenced: false } };
}

export interface TwinBeat {
  readonly admitted: boolean;
  readonly living: number | null;
  readonly committed: number | null;
}

export function beatMember(
  twin: ArbiterTwin,
  member: string,
  knownEpoch: Epoch,
  movedEpoch: Epoch,
): TwinCall<TwinBeat> {
  const { living: now, committed } = outcome(twin);
  const known = twin.members.find((each) => each.member === member);
  const told = (admitted: boolean): TwinBeat => ({ admitted, living: now, committed });
  const become = (after: TwinMember): TwinCall<TwinBeat> => {
    const others = twin.members.filter((each) => each.member !== member);
    const members = [...others, after].sort((a, b) => (a.member < b.member ? -1 : 1));
    return { twin: { ...twin, members }, answer: told(true) };
  };
  if (now !== null) {
    if (known?.isLeaseLive !== true) return same(twin, told(false));
    return become({ ...known, boundEpoch: knownEpoch === now ? now : known.boundEpoch });
  }
  const moved = Math.max(known?.movedEpoch ?? 0, movedEpoch ?? 0);
  return become({ member, isLeaseLive: true, boundEpoch: known?.boundEpoch ?? 0, movedEpoch: moved });
}

export function leaveMember(twin: ArbiterTwin, member: string): TwinCall<boolean> {
  const members = twin.members.filter((each) => each.member !== member);
  return { twin: { ...twin, members }, answer: members.length < twin.members.length };
}

export function forgetMember(twin: ArbiterTwin, name: string): TwinCall<number> {
  const members = twin.members.filter(({ member, isLeaseLive }) => member !== name || isLeaseLive);
  return { twin: { ...twin, members }, answer: twin.members.length - members.length };
}

export function mayReadHere(twin: ArbiterTwin, member: string, epoch: Epoch): boolean {
  return twin.members.some(
    (each) => each.member === member && each.isLeaseLive && epoch !== null && each.movedEpoch < epoch,
  );
}

export type TwinCommit =
  | { readonly ok: true; readonly alreadyCommitted: boolean; readonly epoch: number }
  | {
      readonly ok: false;
      readonly reason: TwinAttempt['state'] | 'unknown_attempt' | 'undone_changes' | 'guard_problems' | 'lease_over';
      readonly undone?: number;
      readonly problems?: readonly string[];
    };

export function commitAttempt(twin: ArbiterTwin, attempt: Epoch): TwinCall<TwinCommit> {
  const mine = find(twin, attempt);
  if (mine?.state === 'committed') return same(twin, { ok: true, alreadyCommitted: true, epoch: mine.epoch });
  if (mine?.state !== 'fenced') return same(twin, { ok: false, reason: mine?.state ?? 'unknown_attempt' });
  const { undone, problems } = twin;
  if (undone > 0) return same(twin, { ok: false, reason: 'undone_changes', undone });
  if (problems.length > 0) return same(twin, { ok: false, reason: 'guard_problems', problems });
  if (!isFencedFor(twin, mine)) return same(twin, { ok: false, reason: 'lease_over' });
  const committed = decide({ ...twin, state: 'committed' }, mine, 'committed');
  return { twin: committed, answer: { ok: true, alreadyCommitted: false, epoch: mine.epoch } };
}

export interface TwinAbort {
  readonly outcome: 'aborted' | 'committed' | 'unknown_attempt';
  readonly epoch?: number;
}

export function abortAttempt(twin: ArbiterTwin, attempt: Epoch): TwinCall<TwinAbort> {
  const mine = find(twin, attempt);
  if (mine === undefined) return same(twin, { outcome: 'unknown_attempt' });
  if (mine.state === 'committed' || mine.state === 'aborted') {
    return same(twin, { outcome: mine.state, epoch: mine.epoch });
  }
  const isHeld = twin.state === 'fenced' && twin.attempt === mine.attempt;
  const run = isHeld ? { ...twin, state: 'open' as const } : twin;
  return { twin: decide(run, mine, 'aborted'), answer: { outcome: 'aborted', epoch: mine.epoch } };
}

export type TwinVerdict = 'aborted' | 'committed' | 'unknown';

export function claimEpoch(twin: ArbiterTwin, epoch: Epoch, appliedEpoch: Epoch): TwinCall<TwinVerdict> {
  const isOfEarlier = twin.state === 'committed' && epoch !== null && twin.epoch < epoch;
  if (twin.state === 'closed' || twin.state === 'abandoned' || isOfEarlier || serves(twin, epoch)) {
    return same(twin, 'unknown');
  }
  if (epoch === null) return living(twin) === undefined ? claimed(twin, appliedEpoch) : same(twin, 'unknown');
  const named = twin.attempts.find((each) => each.epoch === epoch);
  if (named !== undefined) {
    const { twin: after, answer } = abortAttempt(twin, named.attempt);
    return answer.outcome === 'aborted' ? claimed(after, appliedEpoch) : same(after, 'committed');
  }
  const known = highestEpoch(twin);
  if (known >= BIGINT_MAX) throw new TwinError(OUT_OF_RANGE);
  if (epoch > known + 1) return same(twin, 'unknown');
  if (epoch <= known) return claimed(twin, appliedEpoch);
  const used = { attempt: nextAttempt(twin), epoch, state: 'aborted' as const, isLeaseLive: false };
  return claimed({ ...twin, attempts: [...twin.attempts, used] }, appliedEpoch);
}

/** Another epoch that moved the writes away ends what a gateway serves, whatever became of the one that it asked about. */
function claimed(twin: ArbiterTwin, appliedEpoch: Epoch): TwinCall<TwinVerdict> {
  const isOver = twin.attempts.some(({ state, epoch }) => state === 'committed' && epoch > (appliedEpoch ?? 0));
  return same(twin, isOver ? 'unknown' : 'aborted');
}

export function serves(twin: ArbiterTwin, epoch: Epoch): boolean {
  const isOpened = twin.state === 'open' || twin.state === 'removing';
  return isOpened && twin.epoch === epoch && !twin.attempts.some((each) => each.epoch === epoch);
}

export function prepares(twin: ArbiterTwin, epoch: Epoch): boolean {
  return twin.attempts.some((each) => each.epoch === epoch && isLiving(each));
}

export interface TwinOutcome {
  readonly side: SideName;
  readonly serves: number | null;
  readonly committed: number | null;
  readonly living: number | null;
  readonly finalized: boolean;
}

export function outcome(twin: ArbiterTwin): TwinOutcome {
  const committed = twin.attempts.filter(({ state }) => state === 'committed').map(({ epoch }) => epoch);
  const alive = twin.attempts.filter(isLiving).map(({ epoch }) => epoch);
  return {
    side: twin.side,
    serves: twin.epoch > 0 && serves(twin, twin.epoch) ? twin.epoch : null,
    committed: committed.length === 0 ? null : Math.max(...committed),
    living: alive.length === 0 ? null : Math.max(...alive),
    finalized: twin.state === 'committed' && twin.finalized.includes(twin.epoch),
  };
}

export function markFinalized(twin: ArbiterTwin, epoch: Epoch): TwinCall<boolean> {
  if (epoch === null || twin.state !== 'committed' || twin.epoch !== epoch) return same(twin, false);
  const finalized = twin.finalized.includes(epoch) ? twin.finalized : [...twin.finalized, epoch];
  return { twin: { ...twin, finalized }, answer: true };
}

export type TwinOpen =
  | { readonly ok: true; readonly alreadyOpen: boolean; readonly epoch: number }
  | { readonly ok: false; readonly reason: TwinSideState; readonly epoch: number };

export function openSide(twin: ArbiterTwin, epoch: Epoch): TwinCall<TwinOpen> {
  if (epoch !== null && twin.state === 'open' && twin.epoch === epoch) {
    return same(twin, { ok: true, alreadyOpen: true, epoch });
  }
  if (twin.state !== 'closed' || (epoch !== null && epoch <= twin.epoch)) {
    return same(twin, { ok: false, reason: twin.state, epoch: twin.epoch });
  }
  if (epoch === null) throw new TwinError(NOT_NULL_VIOLATION);
  return { twin: { ...twin, state: 'open', epoch }, answer: { ok: true, alreadyOpen: false, epoch } };
}

export type TwinTaken =
  | { readonly ok: true; readonly epoch?: number; readonly alreadyRemoving?: boolean }
  | { readonly ok: false; readonly reason: TwinSideState | 'attempt_alive'; readonly epoch: number };

export function abandonSide(twin: ArbiterTwin): TwinCall<TwinTaken> {
  const { state, epoch } = twin;
  if (state !== 'closed' && state !== 'abandoned') {
    return same(twin, { ok: false, reason: state, epoch });
  }
  return { twin: { ...twin, state: 'abandoned' }, answer: { ok: true, epoch } };
}

export function beginRemoval(twin: ArbiterTwin): TwinCall<TwinTaken> {
  const { state, epoch } = twin;
  if (state === 'committed' || state === 'closed' || state === 'abandoned') {
    return same(twin, { ok: false, reason: state, epoch });
  }
  const alive = living(twin);
  if (alive !== undefined) return same(twin, { ok: false, reason: 'attempt_alive', epoch: alive.epoch });
  if (state === 'removing') return same(twin, { ok: true, alreadyRemoving: true });
  const after: ArbiterTwin = { ...twin, state: 'removing', attempts: abortUndecided(twin.attempts) };
  return { twin: after, answer: { ok: true, alreadyRemoving: false } };
}

/** Source: PostgreSQL manual, "PostgreSQL Error Codes". */
const NOT_NULL_VIOLATION = '23502';
const OUT_OF_RANGE = '22003';
/** As near as a number of JavaScript comes to it. */
export const BIGINT_MAX = 2 ** 63;

function same<Answer>(twin: ArbiterTwin, answer: Answer): TwinCall<Answer> {
  return { twin, answer };
}

const isUndecided = ({ state }: TwinAttempt) => state === 'holding' || state === 'fenced';

const isLiving = (each: TwinAttempt) => isUndecided(each) && each.isLeaseLive;

function living(twin: ArbiterTwin): TwinAttempt | undefined {
  return twin.attempts.find(isLiving);
}

function find(twin: ArbiterTwin, attempt: Epoch): TwinAttempt | undefined {
  return twin.attempts.find((each) => each.attempt === attempt);
}

function highestEpoch(twin: ArbiterTwin): number {
  return Math.max(twin.epoch, ...twin.attempts.map(({ epoch }) => epoch));
}

function nextAttempt(twin: ArbiterTwin): number {
  return 1 + Math.max(0, ...twin.attempts.map(({ attempt }) => attempt));
}

/** The lease of the run row is the one of the attempt that fenced it. */
function isLeaseLive(twin: ArbiterTwin): boolean {
  return find(twin, twin.attempt)?.isLeaseLive === true;
}

function isFencedFor(twin: ArbiterTwin, mine: TwinAttempt): boolean {
  return twin.state === 'fenced' && twin.attempt === mine.attempt && mine.isLeaseLive;
}

function decide(twin: ArbiterTwin, mine: TwinAttempt, state: TwinAttempt['state']): ArbiterTwin {
  return { ...twin, attempts: twin.attempts.map((each) => (each === mine ? { ...each, state } : each)) };
}

function abortUndecided(attempts: readonly TwinAttempt[]): readonly TwinAttempt[] {
  return attempts.map((each) => (isUndecided(each) ? { ...each, state: 'aborted' as const } : each));
}
