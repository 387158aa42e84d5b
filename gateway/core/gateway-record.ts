import { type Direction } from '../../domain/sides';
import {
  applyTarget,
  commitTarget,
  highestEpoch,
  revertTarget,
  stageTarget,
  type TargetRecord,
  type TargetRefusal,
  type TargetResult,
} from '../../domain/target';
import { allOf, type GatewayState, type Side } from './gateway-state';

/** What a hold keeps waiting. Without its reads it holds nobody up who changes nothing. */
export const HELD = ['everything', 'writes'] as const;
export type Held = (typeof HELD)[number];

/** Requests are held for `epoch` until exactly that epoch is applied or reverted. */
interface HoldRecord {
  readonly epoch: number;
  readonly deadlineMs: number;
  readonly holds: Held;
  /** The epoch is committed: new reads go where it is served, while writes still wait. Nothing takes it back. */
  readonly readsMoved: boolean;
}

/** Everything the gateway must remember through a crash, changed in one piece. */
export interface GatewayRecord {
  readonly target: TargetRecord<GatewayState>;
  readonly hold: HoldRecord | null;
}

export type GatewayResult =
  | { readonly ok: true; readonly record: GatewayRecord; readonly changed: boolean }
  | { readonly ok: false; readonly refusal: TargetRefusal; readonly highestEpoch: number };

/**
 * While requests are held for an epoch, nothing newer is staged: it would displace the state that a late "committed" must
 * apply, and whoever starts a newer switchover has to settle the older one first.
 */
export function stageGateway(record: GatewayRecord, epoch: number, state: GatewayState): GatewayResult {
  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');
  return settle(record, stageTarget(record.target, epoch, state));
}

export function applyGateway(record: GatewayRecord, epoch: number): GatewayResult {
  return settle(record, applyTarget(record.target, epoch));
}

/** What was committed ends every hold up to it. A newer epoch that is held or staged stays: it is decided by itself. */
export function commitGateway(record: GatewayRecord, epoch: number, state: GatewayState): GatewayResult {
  return settle(record, commitTarget(record.target, epoch, state));
}

/** The epoch that this gateway has to be told the outcome of before it knows who serves; null when there is none. */
export function undecidedEpoch({ hold, target }: GatewayRecord): number | null {
  return hold?.epoch ?? target.staged?.epoch ?? null;
}

/**
 * Whether a change ends a doubt: nothing is left to be decided, and it told who serves. A commit and an apply tell that; a revert only
 * that an epoch does not count. So it settles the doubt about what this gateway knew of when the doubt began, and not that of one which
 * lost its state: that one asks on, whatever came and went meanwhile.
 *
 * @param inQuestion the undecided epoch when the doubt began
 */
export function isSettled(
  inQuestion: number | null,
  change: { readonly before: GatewayRecord; readonly after: GatewayRecord; readonly isCommit: boolean },
): boolean {
  const { before, after, isCommit } = change;
  if (undecidedEpoch(after) !== null) return false;
  if (isCommit || after.target.applied.epoch > before.target.applied.epoch) return true;
  return inQuestion !== null && undecidedEpoch(before) !== null;
}

/** A newer epoch's abort says nothing about the epoch that is held, which may be committed. */
export function revertGateway(record: GatewayRecord, epoch: number): GatewayResult {
  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');
  return settle(record, revertTarget(record.target, epoch));
}

/** Idempotent; a repeat never extends the deadline, and never holds less. */
export function holdGateway(record: GatewayRecord, epoch: number, deadlineMs: number, holds: Held): GatewayResult {
  if (record.hold?.epoch === epoch) {
    if (record.hold.holds === 'everything' || holds === 'writes') return { ok: true, record, changed: false };
    return { ok: true, record: { ...record, hold: { ...record.hold, holds } }, changed: true };
  }
  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');
  if (record.target.staged?.epoch === epoch) {
    return { ok: true, record: { ...record, hold: { epoch, deadlineMs, holds, readsMoved: false } }, changed: true };
  }
  return refuse(record, epoch <= highestEpoch(record.target) ? 'STALE_EPOCH' : 'NOT_STAGED');
}

/**
 * The epoch that is held was committed: new reads go to the side that serves it. Idempotent. It may be lost in a crash: whoever starts
 * with a hold asks before it forwards anything.
 */
export function moveReads(record: GatewayRecord, epoch: number): GatewayResult {
  const { hold, target } = record;
  if (target.applied.epoch === epoch) return { ok: true, record, changed: false };
  if (hold?.epoch !== epoch) return refuse(record, epoch <= highestEpoch(target) ? 'STALE_EPOCH' : 'NOT_STAGED');
  if (hold.readsMoved) return { ok: true, record, changed: false };
  return { ok: true, record: { ...record, hold: { ...hold, readsMoved: true } }, changed: true };
}

/** Asked for each request: a process that stood still has missed its timer, and nobody counts on its hold any more. */
export function isOverdue({ hold }: GatewayRecord, heldMs: number): boolean {
  return hold !== null && heldMs >= hold.deadlineMs;
}

/** The newest committed epoch since which nothing is sent to the side that is left; 0 when there is none. */
export function movedEpoch({ hold, target }: GatewayRecord, { from }: Pick<Direction, 'from'>): number {
  if (hold?.readsMoved === true) return hold.epoch;
  return target.applied.state.weights[from] === 0 ? target.applied.epoch : 0;
}

/** Whether the commit of `epoch` would end what is served here, and nothing newer is under way. */
export function isNewsOf(record: GatewayRecord, epoch: number): boolean {
  return record.target.applied.epoch < epoch && (undecidedEpoch(record) ?? 0) < epoch;
}

/**
 * Where a new read goes; null when it has to wait.
 *
 * @param isInDoubt whether this gateway does not know who serves. Once the reads were moved it knows enough for them: the other side
 *   has refused all writes since
 */
export function readsGoTo({ hold, target }: GatewayRecord, isInDoubt: boolean): GatewayState['weights'] | null {
  const { applied, staged } = target;
  if (hold?.readsMoved === true && staged?.epoch === hold.epoch) return staged.state.weights;
  if (isInDoubt || hold?.holds === 'everything') return null;
  return applied.state.weights;
}

function settle(record: GatewayRecord, result: TargetResult<GatewayState>): GatewayResult {
  if (!result.ok) return result;
  const { hold } = record;
  const { applied, revertedEpoch } = result.record;
  const over = hold !== null && (applied.epoch >= hold.epoch || revertedEpoch >= hold.epoch);
  return { ok: true, record: { target: result.record, hold: over ? null : hold }, changed: result.changed };
}

function refuse(record: GatewayRecord, refusal: TargetRefusal): GatewayResult {
  return { ok: false, refusal, highestEpoch: highestEpoch(record.target) };
}

/** What was staged or applied for the epoch; for a gateway that knows nothing of it all of the side that serves it. */
export function stateFor({ target: { staged, applied } }: GatewayRecord, epoch: number, side: Side): GatewayState {
  return [staged, applied].find((entry) => entry?.epoch === epoch)?.state ?? allOf(side);
}
