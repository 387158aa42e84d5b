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
import { type GatewayState } from './gateway-state';

/** Requests are held for `epoch` until exactly that epoch is applied or reverted. */
export interface HoldRecord {
  readonly epoch: number;
  readonly deadlineMs: number;
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

/** Idempotent; a repeat never extends the deadline. */
export function holdGateway(record: GatewayRecord, epoch: number, deadlineMs: number): GatewayResult {
  if (record.hold?.epoch === epoch) return { ok: true, record, changed: false };
  if (record.hold !== null && epoch > record.hold.epoch) return refuse(record, 'HOLD_UNRESOLVED');
  if (record.target.staged?.epoch === epoch) {
    return { ok: true, record: { ...record, hold: { epoch, deadlineMs } }, changed: true };
  }
  return refuse(record, epoch <= highestEpoch(record.target) ? 'STALE_EPOCH' : 'NOT_STAGED');
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
