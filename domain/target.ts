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
}

export interface EpochState<State> {
  readonly epoch: number;
  readonly state: State;
}

export const TARGET_REFUSALS = {
  STALE_EPOCH: 'a newer epoch was seen; this call comes from an older switchover',
  NOT_STAGED: 'apply names an epoch that was never staged here',
  CONFLICTING_STATE: 'the same epoch was staged with another state',
  HOLD_UNRESOLVED: 'requests are held for an older epoch; apply or revert that one first',
} as const;

export type TargetRefusal = keyof typeof TARGET_REFUSALS;

export type TargetResult<State> =
  | { readonly ok: true; readonly record: TargetRecord<State>; readonly changed: boolean }
  | { readonly ok: false; readonly refusal: TargetRefusal; readonly highestEpoch: number };

/** A record for a target that was configured and never flipped: epoch 0. */
export function initialTargetRecord<State>(state: State): TargetRecord<State> {
  return { applied: { epoch: 0, state }, previous: null, staged: null, revertedEpoch: 0 };
}

/** The highest epoch this target has seen, in whatever way. The next switchover takes at least one more. */
export function highestEpoch(record: TargetRecord<unknown>): number {
  return Math.max(record.applied.epoch, record.staged?.epoch ?? 0, record.revertedEpoch);
}

/** Remembers `state` for `epoch` without using it. Idempotent; a newer epoch replaces an older staged one. */
export function stageTarget<State>(record: TargetRecord<State>, epoch: number, state: State): TargetResult<State> {
  const known = [record.staged, record.applied].find((entry) => entry?.epoch === epoch);
  if (known && epoch > record.revertedEpoch) {
    return sameJson(known.state, state) ? unchanged(record) : refuse(record, 'CONFLICTING_STATE');
  }
  if (epoch <= highestEpoch(record)) return refuse(record, 'STALE_EPOCH');
  return changed({ ...record, staged: { epoch, state } });
}

/** Makes the staged state of `epoch` the one that is served. Idempotent. */
export function applyTarget<State>(record: TargetRecord<State>, epoch: number): TargetResult<State> {
  if (record.applied.epoch === epoch && epoch > record.revertedEpoch) return unchanged(record);
  if (record.staged?.epoch === epoch) {
    return changed({ ...record, applied: record.staged, previous: record.applied, staged: null });
  }
  return refuse(record, epoch <= highestEpoch(record) ? 'STALE_EPOCH' : 'NOT_STAGED');
}

/**
 * Gives `epoch` up: a staged state is forgotten, an applied one goes back to the state before it. Idempotent. An epoch that
 * never arrived here is marked too, so that its late `stage` is refused.
 */
export function revertTarget<State>(record: TargetRecord<State>, epoch: number): TargetResult<State> {
  if (epoch <= record.revertedEpoch) return unchanged(record);
  if (epoch < highestEpoch(record)) return refuse(record, 'STALE_EPOCH');
  if (record.applied.epoch === epoch) {
    if (record.previous === null) return refuse(record, 'STALE_EPOCH');
    return changed({ applied: record.previous, previous: null, staged: null, revertedEpoch: epoch });
  }
  return changed({ ...record, staged: null, revertedEpoch: epoch });
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

/** Equality of plain JSON, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
