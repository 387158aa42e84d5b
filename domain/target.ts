import { CutoverFault } from './faults';
import { sameJson } from './json';

/**
 * A target is a dependent system whose config is flipped. This file is the whole protocol as pure functions: every target
 * (gateway, policy service, resource API, and the adapters for foreign systems) keeps one {@link TargetRecord} durably and
 * changes it only through these.
 *
 * Epochs are fencing tokens: one per switchover, consumed by an abort too. A record never forgets the highest epoch it saw.
 */
export interface TargetRecord<State> {
  readonly applied: EpochState<State>;
  /** What `revert` of the applied epoch goes back to. */
  readonly previous: EpochState<State> | null;
  readonly staged: EpochState<State> | null;
  /** Highest epoch that was reverted; 0 when none was. */
  readonly revertedEpoch: number;
  /** The newest epoch of which it was told that it is committed; 0 when of none. Never above the applied one: nothing takes it back. */
  readonly committedEpoch: number;
}

export interface EpochState<State> {
  readonly epoch: number;
  readonly state: State;
}

export const TARGET_REFUSALS = {
  STALE_EPOCH: 'a newer epoch was seen; this call comes from an older switchover',
  NOT_STAGED: 'apply names an epoch that was never staged here',
  CONFLICTING_STATE: 'the same epoch was staged with another state',
  COMMITTED: 'the epoch was committed, which nothing takes back; the way back is a switchover of its own',
  NOT_COMMITTED: 'whom this gateway asks does not say that the epoch was committed and that green serves it',
  HOLD_UNRESOLVED: 'requests are held for an older epoch; apply or revert that one first',
} as const;

export type TargetRefusal = keyof typeof TARGET_REFUSALS;

export type TargetResult<State> =
  | { readonly ok: true; readonly record: TargetRecord<State>; readonly changed: boolean }
  | { readonly ok: false; readonly refusal: TargetRefusal; readonly highestEpoch: number };

/** Far above what switchovers can use up, and far below where numbers are not exact any more: beyond it something is broken. */
export const EPOCH_MAX = 2_147_483_647;

/** Whether this can be an epoch: 0 stands for "before the first". */
export function isEpoch(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= EPOCH_MAX;
}

/**
 * @param known all epochs that anybody has seen, in whatever way
 * @returns the epoch of the next switchover
 * @throws CutoverFault EPOCH_IMPOSSIBLE when one of them can be no epoch, or none is left above it
 */
export function nextEpoch(known: readonly number[]): number {
  const broken = known.find((epoch) => !isEpoch(epoch) || epoch === EPOCH_MAX);
  if (broken !== undefined) throw impossibleEpoch('a gateway, target or arbiter', broken);
  return 1 + Math.max(0, ...known);
}

/** @param who has it, or was to be called with it */
function impossibleEpoch(who: string, epoch: number): CutoverFault {
  return new CutoverFault(
    'EPOCH_IMPOSSIBLE',
    `${who}: ${epoch} can be no epoch of a switchover (allowed: whole numbers from 0, below ${EPOCH_MAX}), and none can follow it; ` +
      'read `GET /target` of each gateway and target and hydra_cutover.attempt of both databases, and correct the record that has it',
    { who, epoch: String(epoch) },
  );
}

/** @throws CutoverFault EPOCH_IMPOSSIBLE */
export function assertEpoch(who: string, epoch: number): void {
  if (!isEpoch(epoch)) throw impossibleEpoch(who, epoch);
}

/** A record for a target that was configured and never flipped: epoch 0. */
export function initialTargetRecord<State>(state: State): TargetRecord<State> {
  return { applied: { epoch: 0, state }, previous: null, staged: null, revertedEpoch: 0, committedEpoch: 0 };
}

/** The highest epoch this target has seen, in whatever way. The next switchover takes at least one more. */
export function highestEpoch(record: TargetRecord<unknown>): number {
  return Math.max(record.applied.epoch, record.staged?.epoch ?? 0, record.revertedEpoch);
}

/** Remembers `state` for `epoch` without using it. Idempotent; a newer epoch replaces an older staged one. */
export function stageTarget<State>(record: TargetRecord<State>, epoch: number, state: State): TargetResult<State> {
  const known = [record.staged, record.applied].find((entry) => entry?.epoch === epoch);
  if (known && isStanding(record, epoch)) {
    return sameJson(known.state, state) ? unchanged(record) : refuse(record, 'CONFLICTING_STATE');
  }
  if (epoch <= highestEpoch(record)) return refuse(record, 'STALE_EPOCH');
  return changed({ ...record, staged: { epoch, state } });
}

/** Makes the staged state of `epoch` the one that is served. Idempotent. */
export function applyTarget<State>(record: TargetRecord<State>, epoch: number): TargetResult<State> {
  if (record.applied.epoch === epoch && isStanding(record, epoch)) return unchanged(record);
  if (record.staged?.epoch === epoch) {
    return changed({ ...record, applied: record.staged, previous: record.applied, staged: null });
  }
  return refuse(record, epoch <= highestEpoch(record) ? 'STALE_EPOCH' : 'NOT_STAGED');
}

/**
 * `epoch` was committed: it becomes the applied one, whatever was staged or reverted here up to it, and no revert takes it back.
 * Idempotent. Only for whoever has just learned it from the arbiter.
 *
 * @param state what serves that epoch; it counts, whatever was staged for it
 * @returns STALE_EPOCH when a newer epoch is applied: what was committed before it is over
 */
export function commitTarget<State>(record: TargetRecord<State>, epoch: number, state: State): TargetResult<State> {
  const { applied, staged } = record;
  if (applied.epoch > epoch) return refuse(record, 'STALE_EPOCH');
  const isApplied = applied.epoch === epoch && sameJson(applied.state, state);
  if (isApplied && record.committedEpoch === epoch) return unchanged(record);
  return changed({
    ...record,
    applied: isApplied ? applied : { epoch, state },
    previous: applied.epoch === epoch ? record.previous : applied,
    staged: staged !== null && staged.epoch > epoch ? staged : null,
    committedEpoch: epoch,
  });
}

/**
 * Gives `epoch` up: a staged state is forgotten, an applied one goes back to the state before it. Idempotent. An epoch that
 * never arrived here is marked too, so that its late `stage` is refused.
 */
export function revertTarget<State>(record: TargetRecord<State>, epoch: number): TargetResult<State> {
  if (epoch === record.committedEpoch && epoch > 0) return refuse(record, 'COMMITTED');
  if (epoch <= record.revertedEpoch) return unchanged(record);
  if (epoch < highestEpoch(record)) return refuse(record, 'STALE_EPOCH');
  if (record.applied.epoch === epoch) {
    if (record.previous === null) return refuse(record, 'STALE_EPOCH');
    return changed({ ...record, applied: record.previous, previous: null, staged: null, revertedEpoch: epoch });
  }
  return changed({ ...record, staged: null, revertedEpoch: epoch });
}

/** Not given up, for all that is known here. */
function isStanding(record: TargetRecord<unknown>, epoch: number): boolean {
  return epoch > record.revertedEpoch || epoch === record.committedEpoch;
}

function changed<State>(record: TargetRecord<State>): TargetResult<State> {
  return { ok: true, record, changed: true };
}

function unchanged<State>(record: TargetRecord<State>): TargetResult<State> {
  return { ok: true, record, changed: false };
}

function refuse<State>(record: TargetRecord<State>, refusal: TargetRefusal): TargetResult<State> {
  return { ok: false, refusal, highestEpoch: highestEpoch(record) };
}
