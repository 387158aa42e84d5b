import { CutoverFault } from '../../../domain/faults';
import {
  type Gateway,
  type GatewayView,
  type StaleChallenge,
  type Target,
  type TargetView,
} from '../../../domain/ports/targets';
import { type SideName } from '../../../domain/sides';
import {
  applyTarget,
  assertEpoch,
  commitTarget,
  highestEpoch,
  initialTargetRecord,
  revertTarget,
  stageTarget,
  type TargetRecord,
  type TargetResult,
} from '../../../domain/target';

export interface PartyCall {
  readonly name: string;
  readonly method: 'stage' | 'apply' | 'revert' | 'tellCommitted' | 'read' | 'hold' | 'state' | 'addStaleChallenges';
  readonly epoch: number | null;
}

/** What a hook throws is the answer. */
export interface PartyHooks {
  readonly before?: (call: PartyCall) => Promise<void> | void;
  readonly after?: (call: PartyCall) => Promise<void> | void;
}

/** The whole protocol of a target, in memory. */
export class FakeTarget implements Target {
  record: TargetRecord<SideName> = initialTargetRecord<SideName>('blue');

  constructor(
    readonly name: string,
    private readonly note: (event: string) => void,
    private readonly hooks: PartyHooks,
  ) {}

  stage(epoch: number, side: SideName): Promise<TargetView> {
    return this.call('stage', epoch, () => this.change(stageTarget(this.record, epoch, side)));
  }

  apply(epoch: number): Promise<TargetView> {
    return this.call('apply', epoch, () => this.change(applyTarget(this.record, epoch)));
  }

  revert(epoch: number): Promise<TargetView> {
    return this.call('revert', epoch, () => this.change(revertTarget(this.record, epoch)));
  }

  tellCommitted(epoch: number, side: SideName): Promise<TargetView> {
    return this.call('tellCommitted', epoch, () => this.change(commitTarget(this.record, epoch, side)));
  }

  read(): Promise<TargetView> {
    return this.call('read', null, () => this.view());
  }

  protected async call<T>(method: PartyCall['method'], epoch: number | null, work: () => T): Promise<T> {
    const call = { name: this.name, method, epoch };
    assertEpoch(this.name, epoch ?? 0);
    await this.hooks.before?.(call);
    const result = work();
    if (epoch !== null) this.note(`${method} ${this.name}`);
    await this.hooks.after?.(call);
    return result;
  }

  protected change(result: TargetResult<SideName>): TargetView {
    if (!result.ok) throw new CutoverFault('TARGET_REFUSED', `${this.name}: ${result.refusal}`);
    this.record = result.record;
    return this.view();
  }

  private view(): TargetView {
    const { applied, staged } = this.record;
    return {
      appliedEpoch: applied.epoch,
      appliedSide: applied.state,
      stagedEpoch: staged?.epoch ?? null,
      highestEpoch: highestEpoch(this.record),
    };
  }
}

export class FakeGateway extends FakeTarget implements Gateway {
  heldEpoch: number | null = null;
  ready = true;
  mode: 'pass' | 'in_doubt' = 'pass';
  readonly challenges = new Map<string, StaleChallenge>();

  hold(epoch: number): Promise<{ parked: number }> {
    return this.call('hold', epoch, () => {
      if (this.record.staged?.epoch !== epoch) throw new CutoverFault('TARGET_REFUSED', `${this.name}: NOT_STAGED`);
      this.heldEpoch = epoch;
      return { parked: 0 };
    });
  }

  /** As a real one: it forgets no requests that it holds for an epoch that nobody named. */
  override revert(epoch: number): Promise<TargetView> {
    return this.call('revert', epoch, () => {
      if (this.heldEpoch !== null && epoch > this.heldEpoch)
        throw new CutoverFault('TARGET_REFUSED', `${this.name}: HOLD_UNRESOLVED`);
      return this.change(revertTarget(this.record, epoch));
    });
  }

  state(): Promise<GatewayView> {
    return this.call('state', null, () => ({
      mode: this.heldEpoch === null ? this.mode : 'hold',
      epoch: this.record.applied.epoch,
      inFlight: 0,
      parked: 0,
      ready: { blue: true, green: this.ready },
      features: [],
    }));
  }

  addStaleChallenges(entries: readonly StaleChallenge[]): Promise<void> {
    return this.call('addStaleChallenges', null, () => {
      entries.forEach((entry) => this.challenges.set(entry.value, entry));
    });
  }

  protected override change(result: TargetResult<SideName>): TargetView {
    const view = super.change(result);
    const { applied, revertedEpoch } = this.record;
    const isOver = this.heldEpoch !== null && Math.max(applied.epoch, revertedEpoch) >= this.heldEpoch;
    if (isOver) this.heldEpoch = null;
    return view;
  }
}
