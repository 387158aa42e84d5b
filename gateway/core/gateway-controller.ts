import { highestEpoch, type TargetRecord, type TargetRefusal, type TargetResult } from '../../domain/target';
import { ArbiterLookout, type FindArbiter } from './arbiter-lookout';
import { type Clock } from './clock';
import { type DoubtReason, type ResolveDoubt, type Verdict } from './doubt';
import {
  applyGateway,
  holdGateway,
  revertGateway,
  stageGateway,
  type GatewayRecord,
  type GatewayResult,
} from './gateway-record';
import { parseGatewayState, type GatewayState, type Side } from './gateway-state';
import { HoldQueue, type HoldLimits, type Parked, type ParkRefusal } from './hold-queue';
import { Serial } from './serial';
import { SidePicker } from './side-picker';
import { acceptState, type TargetStore } from './target-port';

/** Released requests per turn of the runtime: 10,000 at once would stop everything else for as long as they take. */
const RELEASE_BATCH = 64;

export type GatewayMode = 'pass' | 'hold' | 'in_doubt';

export interface ControllerSettings extends HoldLimits {
  /** The longest hold that a caller may ask for. */
  readonly maxDeadlineMs: number;
  /** How long a `hold` waits for requests in flight before it answers that they are still there. */
  readonly drainTimeoutMs: number;
  /** Between two questions while the answer is `unknown`. */
  readonly doubtRetryMs: number;
  /** One question that takes longer counts as `unknown`. */
  readonly doubtTimeoutMs: number;
  /** Ask before the first request is forwarded, even when no hold was on. */
  readonly askOnStart: boolean;
}

export interface ControllerDeps {
  /** Makes the record durable before it resolves. */
  readonly persist: (record: GatewayRecord) => Promise<void>;
  readonly clock: Clock;
  readonly resolveDoubt: ResolveDoubt;
  /** Without it a hold does not depend on it. */
  readonly findArbiter?: FindArbiter | undefined;
  readonly settings: ControllerSettings;
  readonly onEvent: (event: ControllerEvent) => void;
}

export type ControllerEvent =
  | { readonly kind: 'hold_began'; readonly epoch: number }
  | { readonly kind: 'hold_ended'; readonly epoch: number; readonly heldMs: number; readonly released: number }
  | { readonly kind: 'doubt_began'; readonly reason: DoubtReason; readonly epoch: number | null }
  | { readonly kind: 'doubt_asked'; readonly epoch: number | null; readonly verdict: Verdict; readonly err?: unknown }
  | { readonly kind: 'applied'; readonly epoch: number; readonly state: GatewayState }
  | { readonly kind: 'dropped' };

export type HoldAnswer =
  | { readonly kind: 'holding'; readonly epoch: number; readonly parked: number }
  | { readonly kind: 'drain_timeout'; readonly epoch: number; readonly inFlight: number }
  | { readonly kind: 'in_doubt' }
  | { readonly kind: 'no_arbiter' }
  | { readonly kind: 'refused'; readonly refusal: TargetRefusal; readonly highestEpoch: number };

interface Doubt {
  readonly reason: DoubtReason;
  /** From the first `unknown` on: requests are refused at once instead of waiting for a verdict. */
  refusing: boolean;
  lastVerdict: Verdict | null;
}

/**
 * Decides for every request whether it goes, waits or is refused, and keeps the epoch.
 *
 * Each command is durable before it takes effect and before it answers; commands are decided one after the other. The core
 * of the gateway: no sockets, no files, no clock of its own.
 */
export class GatewayController implements TargetStore<GatewayState> {
  private readonly serial = new Serial();
  private readonly picker = new SidePicker();
  private readonly queue: HoldQueue;
  private readonly lookout: ArbiterLookout;
  private readonly watchers = new Set<() => void>();
  private doubt: Doubt | null = null;
  private heldSince: number | null = null;
  private cancelDeadline: (() => void) | undefined;
  private cancelRetry: (() => void) | undefined;
  private inFlightCount = 0;
  private releasing = false;
  private stopped = false;

  constructor(
    private record: GatewayRecord,
    private readonly deps: ControllerDeps,
  ) {
    this.queue = new HoldQueue(deps.settings, deps.clock);
    this.lookout = new ArbiterLookout(deps.findArbiter);
    if (record.hold !== null) {
      this.heldSince = deps.clock.now();
      this.beginDoubt('restarted_while_holding');
    } else if (deps.settings.askOnStart) {
      this.beginDoubt('start');
    }
  }

  get mode(): GatewayMode {
    if (this.doubt !== null) return 'in_doubt';
    return this.record.hold === null ? 'pass' : 'hold';
  }

  get inFlight(): number {
    return this.inFlightCount;
  }

  get parked(): number {
    return this.queue.count;
  }

  get parkedBytes(): number {
    return this.queue.byteCount;
  }

  /** What an operator sees; plain JSON. */
  view(): Readonly<Record<string, unknown>> {
    const { target, hold } = this.record;
    return {
      epoch: target.applied.epoch,
      mode: this.mode,
      weights: target.applied.state.weights,
      inFlight: this.inFlightCount,
      parked: this.queue.count,
      parkedBytes: this.queue.byteCount,
      staged: target.staged,
      revertedEpoch: target.revertedEpoch,
      highestEpoch: highestEpoch(target),
      hold: hold && { ...hold, heldMs: Math.round(this.deps.clock.now() - (this.heldSince ?? this.deps.clock.now())) },
      doubt: this.doubt && {
        reason: this.doubt.reason,
        epoch: this.epochInQuestion(),
        lastVerdict: this.doubt.lastVerdict,
      },
    };
  }

  /** @returns the side for one more request, which counts as in flight until `finished`; null when it has to `park`. */
  admit(): Side | null {
    if (this.doubt !== null || this.record.hold !== null || this.releasing || this.stopped) return null;
    return this.begin();
  }

  /** A request that `admit` let through is answered in full, or has failed. */
  finished(): void {
    this.inFlightCount -= 1;
    if (this.inFlightCount === 0) this.wake();
  }

  /**
   * Takes a request that `admit` did not let through. When its `proceed` is called it is in flight, as after `admit`.
   * @returns why not, or undefined
   */
  park(parked: Parked, bytes: number): ParkRefusal | undefined {
    if (this.stopped) return 'shutting_down';
    if (this.doubt?.refusing === true) return 'in_doubt';
    return this.queue.add(parked, bytes);
  }

  /** The client of a parked request is gone: it is never forwarded. */
  drop(parked: Parked): void {
    if (this.queue.remove(parked)) this.deps.onEvent({ kind: 'dropped' });
  }

  read(): TargetRecord<GatewayState> {
    return this.record.target;
  }

  async stage(epoch: number, state: unknown): Promise<TargetResult<GatewayState>> {
    const parsed = acceptState(state, parseGatewayState);
    const result = await this.command((record) => stageGateway(record, epoch, parsed));
    // Now, because a hold is part of the pause. It refuses nothing: weights are staged for other purposes too.
    if (result.ok) await this.lookout.look(epoch);
    return result;
  }

  async apply(epoch: number): Promise<TargetResult<GatewayState>> {
    return this.command((record) => applyGateway(record, epoch), true);
  }

  async revert(epoch: number): Promise<TargetResult<GatewayState>> {
    return this.command((record) => revertGateway(record, epoch), true);
  }

  /**
   * Parks every new request and waits until none is in flight.
   *
   * Idempotent per epoch; concurrent calls all wait. `holding` is true at the moment it is returned. `no_arbiter`: nothing is
   * held, because nobody could say afterwards who serves.
   */
  async hold(epoch: number, deadlineMs: number): Promise<HoldAnswer> {
    if (this.record.target.staged?.epoch === epoch && this.record.hold === null) await this.lookout.look(epoch);
    const began = await this.serial.run(async (): Promise<HoldAnswer | undefined> => {
      if (this.doubt !== null) return { kind: 'in_doubt' };
      const result = holdGateway(this.record, epoch, Math.min(deadlineMs, this.deps.settings.maxDeadlineMs));
      if (!result.ok) return { kind: 'refused', refusal: result.refusal, highestEpoch: result.highestEpoch };
      if (!result.changed) return undefined;
      if (this.lookout.isMissing(epoch)) return { kind: 'no_arbiter' };
      // Durable before the first request is parked: a crash in between leaves a hold that nobody was told of, never the
      // reverse. Requests go on being forwarded during the write.
      await this.deps.persist(result.record);
      this.record = result.record;
      this.beginHold(epoch, result.record.hold?.deadlineMs ?? deadlineMs);
      return undefined;
    });
    return began ?? this.drained(epoch);
  }

  /** Refuses what is parked and everything after it. What is in flight goes on. */
  stop(): void {
    this.stopped = true;
    this.cancelDeadline?.();
    this.cancelRetry?.();
    this.queue.refuseAll('shutting_down');
    this.wake();
  }

  /** Resolves when nothing is in flight, or after `timeoutMs`. @returns how many are still in flight */
  async idle(timeoutMs: number): Promise<number> {
    await this.until(() => this.inFlightCount === 0, timeoutMs);
    return this.inFlightCount;
  }

  private begin(): Side {
    this.inFlightCount += 1;
    return this.picker.pick(this.record.target.applied.state.weights);
  }

  private async drained(epoch: number): Promise<HoldAnswer> {
    const holds = () => this.doubt === null && this.record.hold?.epoch === epoch && !this.stopped;
    await this.until(() => this.inFlightCount === 0 || !holds(), this.deps.settings.drainTimeoutMs);
    if (this.doubt !== null || this.stopped) return { kind: 'in_doubt' };
    if (!holds()) return { kind: 'refused', refusal: 'STALE_EPOCH', highestEpoch: highestEpoch(this.record.target) };
    if (this.inFlightCount > 0) return { kind: 'drain_timeout', epoch, inFlight: this.inFlightCount };
    return { kind: 'holding', epoch, parked: this.queue.count };
  }

  private command(
    decide: (record: GatewayRecord) => GatewayResult,
    settles = false,
  ): Promise<TargetResult<GatewayState>> {
    return this.serial.run(() => this.change(decide, settles));
  }

  /** Only inside `serial`. */
  private async change(
    decide: (record: GatewayRecord) => GatewayResult,
    settles: boolean,
  ): Promise<TargetResult<GatewayState>> {
    const before = this.record;
    const result = decide(before);
    if (!result.ok) return result;
    if (result.changed) await this.deps.persist(result.record);
    this.record = result.record;
    const { applied } = result.record.target;
    if (applied !== before.target.applied) {
      this.deps.onEvent({ kind: 'applied', epoch: applied.epoch, state: applied.state });
    }
    if (before.hold !== null && result.record.hold === null) this.endHold(before.hold.epoch);
    // A start without a hold is settled by any command that names the outcome of an epoch.
    if (settles && result.record.hold === null) this.endDoubt();
    return { ok: true, record: result.record.target, changed: result.changed };
  }

  private beginHold(epoch: number, deadlineMs: number): void {
    this.heldSince = this.deps.clock.now();
    this.cancelDeadline = this.deps.clock.after(deadlineMs, () => this.beginDoubt('hold_deadline'));
    this.deps.onEvent({ kind: 'hold_began', epoch });
  }

  private endHold(epoch: number): void {
    this.cancelDeadline?.();
    const { clock, onEvent } = this.deps;
    const heldMs = clock.now() - (this.heldSince ?? clock.now());
    this.heldSince = null;
    onEvent({ kind: 'hold_ended', epoch, heldMs, released: this.queue.count });
    if (this.doubt === null) this.release();
    this.wake();
  }

  private beginDoubt(reason: DoubtReason): void {
    if (this.stopped || this.doubt !== null) return;
    this.doubt = { reason, refusing: false, lastVerdict: null };
    this.deps.onEvent({ kind: 'doubt_began', reason, epoch: this.epochInQuestion() });
    this.wake();
    void this.ask(this.doubt);
  }

  private endDoubt(): void {
    if (this.doubt === null) return;
    this.cancelRetry?.();
    this.doubt = null;
    this.release();
  }

  private async ask(doubt: Doubt): Promise<void> {
    let verdict: Verdict = 'unknown';
    let err: unknown;
    const epoch = this.epochInQuestion();
    try {
      const { resolveDoubt } = this.deps;
      verdict = await this.withTimeout(
        resolveDoubt({ reason: doubt.reason, epoch, appliedEpoch: this.record.target.applied.epoch }),
      );
      if (verdict !== 'unknown') await this.serial.run(() => this.settleDoubt(doubt, epoch, verdict));
    } catch (error) {
      verdict = 'unknown';
      err = error;
    }
    if (this.stopped) return;
    doubt.lastVerdict = verdict;
    this.deps.onEvent({ kind: 'doubt_asked', epoch, verdict, err });
    if (this.doubt !== doubt) return;
    doubt.refusing = true;
    this.queue.refuseAll('in_doubt');
    this.cancelRetry = this.deps.clock.after(this.deps.settings.doubtRetryMs, () => void this.ask(doubt));
  }

  /** A command that came while we asked has settled it already: then the verdict is of no interest. */
  private async settleDoubt(doubt: Doubt, epoch: number | null, verdict: Verdict): Promise<void> {
    if (this.doubt !== doubt) return;
    if (epoch === null) {
      if (verdict === 'aborted') this.endDoubt();
      return;
    }
    const decide = verdict === 'aborted' ? revertGateway : applyGateway;
    await this.change((record) => decide(record, epoch), true);
  }

  private epochInQuestion(): number | null {
    return this.record.hold?.epoch ?? this.record.target.staged?.epoch ?? null;
  }

  private withTimeout(verdict: Promise<Verdict>): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const cancel = this.deps.clock.after(this.deps.settings.doubtTimeoutMs, () => resolve('unknown'));
      verdict.then(resolve, reject).finally(cancel);
    });
  }

  /** Lets the parked go in arrival order, a batch per turn; requests that come meanwhile line up behind them. */
  private release(): void {
    if (this.releasing) return;
    this.releasing = true;
    this.releaseBatch();
  }

  private releaseBatch(): void {
    for (let count = 0; count < RELEASE_BATCH; count += 1) {
      // A hold that came meanwhile, or a stop: the rest keeps its place.
      const parked = this.mode === 'pass' && !this.stopped ? this.queue.shift() : undefined;
      if (parked === undefined) {
        this.releasing = false;
        return;
      }
      parked.proceed(this.begin());
    }
    this.deps.clock.soon(() => this.releaseBatch());
  }

  private wake(): void {
    for (const watcher of [...this.watchers]) watcher();
  }

  private until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        this.watchers.delete(watcher);
        resolve();
      };
      const watcher = () => {
        if (isTrue()) finish();
      };
      const cancel = this.deps.clock.after(timeoutMs, finish);
      this.watchers.add(watcher);
    });
  }
}
