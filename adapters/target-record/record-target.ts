import { CutoverFault } from '../../domain/faults';
import { type Target, type TargetView } from '../../domain/ports/targets';
import { SIDE_NAMES, type SideName } from '../../domain/sides';
import {
  applyTarget,
  assertEpoch,
  commitTarget,
  highestEpoch,
  revertTarget,
  stageTarget,
  TARGET_REFUSALS,
  type TargetRecord,
  type TargetResult,
} from '../../domain/target';
import { assertKept } from './assert-kept';
import { sameJson } from '../../domain/json';

/** What a foreign system is configured with. Plain JSON; null stands for nothing at all. */
export type State = unknown;

/** What stands in a store at one moment. */
export interface Held<Version> {
  readonly record: TargetRecord<State>;
  /** What the foreign system reads now, whoever put it there. */
  readonly live: State;
  /** False while it is open whether the foreign system uses what is live. */
  readonly settled: boolean;
  /** Tells whether anything changed since. */
  readonly version: Version;
}

export interface Proved {
  readonly live: State;
}

export interface Change {
  readonly record: TargetRecord<State>;
  /** To be made live in the same step. undefined leaves it alone. */
  readonly live?: { readonly state: State } | undefined;
}

/** Where a record stands beside the config of a foreign system. */
export interface RecordStore<Version> {
  /** @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED | TARGET_STATE_INVALID */
  load(): Promise<Held<Version>>;
  /**
   * Durable and in use when it resolves.
   *
   * @returns what stands there now; undefined when somebody changed anything since `held` was loaded, and nothing was done
   * @throws CutoverFault as `load`; the outcome is then open
   */
  save(held: Held<Version>, change: Change): Promise<Held<Version> | undefined>;
  /**
   * Whether this state could be used: asked before it is staged.
   * @returns what the foreign system would then have, where that can be tried without using it
   * @throws CutoverFault as `load`
   */
  prove?(epoch: number, state: State): Promise<Proved | undefined>;
  close(): Promise<void>;
}

export interface RecordTargetOptions<Version> {
  readonly name: string;
  /** What it is configured with while a side serves, as `Held.live` has it. */
  readonly states: Readonly<Record<SideName, State>>;
  readonly store: RecordStore<Version>;
}

interface Plan {
  readonly result: TargetResult<State>;
  readonly live?: Change['live'];
}

/** Each try loses only to somebody else's change. */
const TRIES = 10;

/**
 * {@link Target} for a foreign system that knows nothing of epochs: the protocol of `domain/target.ts` on a record that stands
 * beside its config, changed by compare-and-set alone. Any number of these may work on one system.
 */
export class RecordTarget<Version> implements Target {
  readonly name: string;
  readonly #states: RecordTargetOptions<Version>['states'];
  readonly #store: RecordStore<Version>;

  constructor({ name, states, store }: RecordTargetOptions<Version>) {
    this.name = name;
    this.#states = states;
    this.#store = store;
  }

  async stage(epoch: number, side: SideName): Promise<TargetView> {
    const state = this.#states[side];
    return this.#change('stage', epoch, async ({ record }) => {
      const result = stageTarget(record, epoch, state);
      const proved = result.ok ? await this.#store.prove?.(epoch, state) : undefined;
      if (proved) assertKept({ name: this.name, epoch, side, sent: state, kept: proved.live });
      return { result };
    });
  }

  apply(epoch: number): Promise<TargetView> {
    return this.#change('apply', epoch, (held) => {
      const result = applyTarget(withRealState(held, epoch), epoch);
      // Also on a repeat: what somebody put there since is replaced, and a use that was left open is completed.
      return { result, live: result.ok ? { state: result.record.applied.state } : undefined };
    });
  }

  revert(epoch: number): Promise<TargetView> {
    return this.#change('revert', epoch, ({ record, settled }) => {
      const result = revertTarget(record, epoch);
      const back = result.ok && (!settled || (result.changed && record.applied.epoch === epoch));
      return { result, live: back ? { state: result.record.applied.state } : undefined };
    });
  }

  tellCommitted(epoch: number, side: SideName): Promise<TargetView> {
    return this.#change('tell the commit of', epoch, ({ record }) => {
      const result = commitTarget(record, epoch, this.#states[side]);
      // Also on a repeat, as with an apply.
      return { result, live: result.ok ? { state: result.record.applied.state } : undefined };
    });
  }

  async read(): Promise<TargetView> {
    return this.#view(await this.#store.load());
  }

  /** Ends idle connections. */
  close(): Promise<void> {
    return this.#store.close();
  }

  async #change(
    action: string,
    epoch: number,
    decide: (held: Held<Version>) => Plan | Promise<Plan>,
  ): Promise<TargetView> {
    assertEpoch(this.name, epoch);
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const held = await this.#store.load();
      const { result, live } = await decide(held);
      if (!result.ok) throw this.#refused(action, epoch, result.refusal, result.highestEpoch);
      const isLive = live === undefined || (held.settled && sameJson(held.live, live.state));
      if (!result.changed && isLive) return this.#view(held);
      const saved = await this.#store.save(held, { record: result.record, live });
      if (saved !== undefined) return this.#view(saved);
    }
    throw new CutoverFault(
      'TARGET_UNREACHABLE',
      `${this.name} was changed by somebody else during each of ${TRIES} tries to ${action} epoch ${epoch}; look for another cutover or a program that writes there`,
      { name: this.name, epoch },
    );
  }

  #refused(action: string, epoch: number, refusal: keyof typeof TARGET_REFUSALS, highest: number): CutoverFault {
    const fix = refusal === 'COMMITTED' ? 'find out who calls' : 'start the switchover anew';
    return new CutoverFault(
      'TARGET_REFUSED',
      `${this.name} refused to ${action} epoch ${epoch} (${refusal}: ${TARGET_REFUSALS[refusal]}; it has seen ${highest}); ${fix}`,
      { name: this.name, epoch, refusal, highestEpoch: highest },
    );
  }

  /** Of what is really used: a system that fell back to its old config is not at the epoch that was applied. */
  #view({ record, live, settled }: Held<Version>): TargetView {
    const { applied, previous, staged } = record;
    const fellBack = previous !== null && !sameJson(live, applied.state) && sameJson(live, previous.state);
    return {
      appliedEpoch: fellBack ? previous.epoch : applied.epoch,
      appliedSide: settled ? (SIDE_NAMES.find((side) => sameJson(this.#states[side], live)) ?? null) : null,
      stagedEpoch: staged?.epoch ?? null,
      highestEpoch: highestEpoch(record),
    };
  }
}

/** What an apply replaces, and a revert brings back, is what is used, even if somebody put it there by hand. */
function withRealState<Version>({ record, live, settled }: Held<Version>, epoch: number): TargetRecord<State> {
  if (!settled || record.staged?.epoch !== epoch) return record;
  return { ...record, applied: { ...record.applied, state: live } };
}
