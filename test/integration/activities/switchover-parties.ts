import { CutoverFault } from '../../../domain/faults';
import {
  GATEWAY_PROTOCOL,
  type Gateway,
  type GatewayView,
  type StaleChallenge,
  type Target,
  type TargetView,
  type WarmUp,
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
import { neverResolved } from '../../../gateway/core/doubt';
import { GatewayController } from '../../../gateway/core/gateway-controller';
import { type GatewayRecord } from '../../../gateway/core/gateway-record';
import { allOf, type GatewayState } from '../../../gateway/core/gateway-state';
import { nodeClock } from '../../../gateway/node/clock';
import {
  attemptOverPostgres,
  commitOverPostgres,
  doubtOverPostgres,
  type DoubtOverPostgresOptions,
} from '../../../gateway/node/doubt-postgres';

export interface PartyCall {
  readonly name: string;
  readonly method:
    | 'stage'
    | 'apply'
    | 'revert'
    | 'tellCommitted'
    | 'read'
    | 'hold'
    | 'state'
    | 'addStaleChallenges'
    | 'moveReads'
    | 'warmUp';
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
    readonly note: (event: string) => void,
    readonly hooks: PartyHooks,
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
    return this.call('read', null, () => viewOf(this.record));
  }

  private call<T>(method: PartyCall['method'], epoch: number | null, work: () => T): Promise<T> {
    return hooked(this, { name: this.name, method, epoch }, work);
  }

  private change(result: TargetResult<SideName>): TargetView {
    if (!result.ok) throw refused(this.name, result.refusal);
    this.record = result.record;
    return viewOf(result.record);
  }
}

export interface LocalGatewayOptions {
  readonly name: string;
  readonly note: (event: string) => void;
  readonly hooks: PartyHooks;
  /** Both databases, whose arbiters it asks as a gateway does. */
  readonly doubt: DoubtOverPostgresOptions;
}

/** The controller of a real gateway, with nothing but its sockets and its file left out. */
export class LocalGateway implements Gateway {
  readonly name: string;
  ready = true;
  protocol: number = GATEWAY_PROTOCOL;
  /** At blue's arbiter; the test writes its row. */
  member: GatewayView['member'] = null;
  readonly challenges = new Map<string, StaleChallenge>();
  readonly warmed: SideName[] = [];
  private kept: GatewayRecord;
  private controller: GatewayController;

  constructor(private readonly options: LocalGatewayOptions) {
    this.name = options.name;
    this.kept = emptyRecord(options.doubt.direction.from, 0);
    this.controller = this.start();
  }

  /**
   * As one that was started without its state file and without its challenges.
   * @param change `appliedEpoch` of an earlier cutover; `inDoubt` whether it asks who serves, and gets no answer
   */
  replace(change: { readonly appliedEpoch?: number; readonly inDoubt?: boolean } = {}): void {
    this.controller.stop();
    this.kept = emptyRecord(this.options.doubt.direction.from, change.appliedEpoch ?? 0);
    this.challenges.clear();
    this.controller = this.start(change.inDoubt);
  }

  get heldEpoch(): number | null {
    return this.kept.hold?.epoch ?? null;
  }

  /** With the side that each state serves in its place. */
  get record(): TargetRecord<SideName> {
    const { applied, previous, staged, ...rest } = this.kept.target;
    const named = <T extends { readonly state: GatewayState }>(entry: T) => ({ ...entry, state: sideOf(entry.state) });
    return { ...rest, applied: named(applied), previous: previous && named(previous), staged: staged && named(staged) };
  }

  stage(epoch: number, side: SideName): Promise<TargetView> {
    return this.change('stage', epoch, () => this.controller.stage(epoch, allOf(side)));
  }

  apply(epoch: number): Promise<TargetView> {
    return this.change('apply', epoch, () => this.controller.apply(epoch));
  }

  revert(epoch: number): Promise<TargetView> {
    return this.change('revert', epoch, () => this.controller.revert(epoch));
  }

  tellCommitted(epoch: number, side: SideName): Promise<TargetView> {
    return this.change('tellCommitted', epoch, () => this.controller.tellCommitted(epoch, allOf(side)));
  }

  read(): Promise<TargetView> {
    return this.call('read', null, async () => this.view());
  }

  hold(epoch: number, deadlineMs = 180_000): Promise<{ parked: number; member: string | null }> {
    return this.call('hold', epoch, async () => {
      const answer = await this.controller.hold(epoch, deadlineMs, 'writes');
      if (answer.kind === 'holding') return { parked: answer.parked, member: this.member?.id ?? null };
      throw refused(this.name, answer.kind === 'refused' ? answer.refusal : answer.kind);
    });
  }

  moveReads(epoch: number, to: SideName): Promise<void> {
    return this.call('moveReads', epoch, async () => {
      const answer = await this.controller.moveReads(epoch);
      if (answer.kind === 'moved' && (answer.readsAt === to || answer.readsAt === 'nobody')) return;
      throw refused(this.name, answer.kind === 'refused' ? answer.refusal : `reads at ${answer.readsAt}`);
    });
  }

  state(): Promise<GatewayView> {
    return this.call('state', null, async () => {
      const { mode, inFlight, parked } = this.controller;
      const { protocol, member } = this;
      const epoch = this.kept.target.applied.epoch;
      return {
        protocol,
        member,
        mode,
        epoch,
        inFlight,
        parked,
        ready: { blue: true, green: this.ready },
        features: [],
      };
    });
  }

  addStaleChallenges(entries: readonly StaleChallenge[]): Promise<void> {
    return this.call('addStaleChallenges', null, async () => {
      entries.forEach((entry) => this.challenges.set(entry.value, entry));
    });
  }

  /** There is no Hydra to ask: that it was told to is what counts. */
  warmUp(side: SideName): Promise<WarmUp> {
    return this.call('warmUp', null, async () => {
      this.warmed.push(side);
      return { asked: 1, answered: 1 };
    });
  }

  /** Ends its timers. */
  stop(): void {
    this.controller.stop();
  }

  private change(
    method: PartyCall['method'],
    epoch: number,
    work: () => Promise<TargetResult<GatewayState>>,
  ): Promise<TargetView> {
    return this.call(method, epoch, async () => {
      const result = await work();
      if (!result.ok) throw refused(this.name, result.refusal);
      return this.view();
    });
  }

  private call<T>(method: PartyCall['method'], epoch: number | null, work: () => Promise<T>): Promise<T> {
    return hooked(this.options, { name: this.name, method, epoch }, work);
  }

  private view(): TargetView {
    return viewOf(this.record);
  }

  private start(inDoubt = false): GatewayController {
    const { doubt } = this.options;
    return new GatewayController(this.kept, {
      direction: doubt.direction,
      persist: async (record) => void (this.kept = record),
      clock: nodeClock,
      resolveDoubt: inDoubt ? neverResolved : doubtOverPostgres(doubt),
      findAttempt: attemptOverPostgres(doubt),
      confirmCommitted: commitOverPostgres(doubt),
      settings: { ...GATEWAY_SETTINGS, askOnStart: inDoubt },
      onEvent: () => undefined,
    });
  }
}

/** No limit is met because this machine is busy. */
const GATEWAY_SETTINGS = {
  maxParked: 100,
  maxParkedBytes: 1_000_000,
  maxParkedMs: 180_000,
  releaseAtOnce: 8,
  maxDeadlineMs: 180_000,
  drainTimeoutMs: 30_000,
  doubtRetryMs: 50,
  doubtTimeoutMs: 30_000,
};

function emptyRecord(side: SideName, appliedEpoch: number): GatewayRecord {
  const target = initialTargetRecord(allOf(side));
  return { target: { ...target, applied: { ...target.applied, epoch: appliedEpoch } }, hold: null };
}

function sideOf({ weights }: GatewayState): SideName {
  return weights.green > 0 ? 'green' : 'blue';
}

function refused(name: string, why: string): CutoverFault {
  return new CutoverFault('TARGET_REFUSED', `${name}: ${why}`);
}

function viewOf(record: TargetRecord<SideName>): TargetView {
  const { applied, staged } = record;
  return {
    appliedEpoch: applied.epoch,
    appliedSide: applied.state,
    stagedEpoch: staged?.epoch ?? null,
    highestEpoch: highestEpoch(record),
  };
}

async function hooked<T>(
  { note, hooks }: { readonly note: (event: string) => void; readonly hooks: PartyHooks },
  call: PartyCall,
  work: () => T | Promise<T>,
): Promise<T> {
  const { name, method, epoch } = call;
  assertEpoch(name, epoch ?? 0);
  await hooks.before?.(call);
  const result = await work();
  if (epoch !== null) note(`${method} ${name}`);
  await hooks.after?.(call);
  return result;
}
