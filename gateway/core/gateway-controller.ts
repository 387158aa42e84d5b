import { highestEpoch, type TargetRecord, type TargetResult } from '../../domain/target';
import { ArbiterLookout } from './arbiter-lookout';
import {
  type ControllerDeps,
  type GatewayMode,
  type HoldAnswer,
  type ReadsAnswer,
  type SettledBy,
} from './controller-deps';
import { type DoubtAnswer, type DoubtReason } from './doubt';
import { type Asked, type Doubt, DoubtAsker } from './doubt-asker';
import {
  applyGateway,
  commitGateway,
  holdGateway,
  isOverdue,
  isNewsOf,
  isSettled,
  movedEpoch,
  moveReads,
  readsGoTo,
  revertGateway,
  stageGateway,
  stateFor,
  undecidedEpoch,
  type GatewayRecord,
  type GatewayResult,
  type Held,
} from './gateway-record';
import { parseGatewayState, type GatewayState, type Side } from './gateway-state';
import { type Known } from './membership';
import { HoldQueue, type Parked, type ParkRefusal, type RequestKind } from './hold-queue';
import { InFlight } from './in-flight';
import { PacedRelease } from './paced-release';
import { Serial } from './serial';
import { SidePicker } from './side-picker';
import { acceptState, type TargetStore } from './target-port';
import { Watchers } from './watchers';

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
  private readonly watchers: Watchers;
  private doubt: Doubt | null = null;
  private readonly asker: DoubtAsker;
  private settledBy: SettledBy | null = null;
  private heldSince: number | null = null;
  private cancelDeadline: (() => void) | undefined;
  private readonly forwarded: InFlight;
  private readonly release: PacedRelease;
  private stopped = false;
  private lapseCount = 0;

  constructor(
    private record: GatewayRecord,
    private readonly deps: ControllerDeps,
  ) {
    this.queue = new HoldQueue(deps.settings, deps.clock);
    this.watchers = new Watchers(deps.clock);
    this.forwarded = new InFlight(() => this.watchers.wake());
    this.lookout = new ArbiterLookout(deps.findAttempt);
    this.release = new PacedRelease({
      clock: deps.clock,
      atOnce: deps.settings.releaseAtOnce,
      inFlight: () => this.forwarded.of('write'),
      waiting: () => this.queue.count,
      one: () => this.releaseOne(),
    });
    this.asker = new DoubtAsker(deps, {
      undecided: () => undecidedEpoch(this.record),
      appliedEpoch: () => this.record.target.applied.epoch,
      settle: (doubt, asked, answer) => this.serial.run(() => this.settleDoubt(doubt, asked, answer)),
      isOpen: (doubt) => this.doubt === doubt,
      isStopped: () => this.stopped,
      onUnsettled: () => this.queue.refuseAll('in_doubt'),
    });
    if (record.hold !== null) this.heldSince = deps.clock.now();
    if (record.hold !== null) this.beginDoubt('restarted_while_holding');
    else if (deps.settings.askOnStart) this.beginDoubt('start');
  }

  get mode(): GatewayMode {
    if (this.doubt !== null) return 'in_doubt';
    return this.record.hold === null ? 'pass' : 'hold';
  }

  get inFlight(): number {
    return this.forwarded.all;
  }

  get readsInFlight(): number {
    return this.forwarded.of('read');
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
      inFlight: this.inFlight,
      readsInFlight: this.readsInFlight,
      parked: this.queue.count,
      parkedBytes: this.queue.byteCount,
      staged: target.staged,
      revertedEpoch: target.revertedEpoch,
      committedEpoch: target.committedEpoch,
      highestEpoch: highestEpoch(target),
      hold: hold && { ...hold, heldMs: Math.round(this.heldMs) },
      doubt: this.doubt && {
        reason: this.doubt.reason,
        epoch: undecidedEpoch(this.record),
        lastVerdict: this.doubt.lastVerdict,
      },
      // `no_cutover`: it serves what it served because whom it asks has never heard of a cutover.
      settledBy: this.settledBy,
    };
  }

  /** @returns the side for one more request, which counts as in flight until `finished`; null when it has to `park`. */
  admit(kind: RequestKind): Side | null {
    if (this.stopped) return null;
    if (this.deps.isLapsed?.() === true) this.lapse();
    if (isOverdue(this.record, this.heldMs)) this.beginDoubt('hold_deadline');
    if (kind === 'read') {
      const weights = readsGoTo(this.record, this.doubt !== null);
      return weights === null ? null : this.begin(kind, weights);
    }
    if (this.doubt !== null || this.record.hold !== null || this.release.isRunning) return null;
    return this.begin(kind, this.record.target.applied.state.weights);
  }

  /** A request of this kind that `admit` let through is answered in full, or has failed. */
  finished(kind: RequestKind): void {
    this.forwarded.ended(kind);
    this.release.goOn();
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

  /** How often this gateway was counted no more. A request keeps what that was when it was sent, for `mayTell`. */
  get lapses(): number {
    return this.lapseCount;
  }

  /**
   * Whether a client may be told what a side has answered to a request of this kind: of a write that came back only after this gateway was
   * counted no more, nobody knows whether it met a fence, even when it is counted again by now.
   */
  mayTell(kind: RequestKind, lapsesBefore: number): boolean {
    return kind === 'read' || (lapsesBefore === this.lapseCount && this.deps.isLapsed?.() !== true);
  }

  /** Called before anything ends that: a lease that is renewed, or an epoch that is decided. */
  noteLapse(): void {
    this.lapseCount += 1;
  }

  /** Whether a hold waits for the end of requests of this kind. */
  isDraining(kind: RequestKind): boolean {
    const { hold } = this.record;
    return hold !== null && (kind === 'write' || hold.holds === 'everything');
  }

  /** Nobody counts on this gateway any more while an attempt is under way. */
  lapse(): void {
    this.noteLapse();
    if (this.doubt === null) this.beginDoubt('lease_over');
    else this.doubt.news += 1;
  }

  /** What this gateway's lease is about. */
  get known(): Known {
    return { undecided: undecidedEpoch(this.record) ?? 0, moved: movedEpoch(this.record, this.deps.direction) };
  }

  /**
   * The arbiter says so: it is as good as the word of the orchestrator, which may be cut off from here. Who has served the side that was
   * left until now, and holds nothing for that epoch, was counted no more when it was fenced.
   */
  learnCommitted(epoch: number): void {
    if (this.record.hold?.epoch === epoch) void this.moveReads(epoch);
    else if (this.record.target.applied.epoch < epoch) this.lapse();
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
    return this.command((record) => applyGateway(record, epoch));
  }

  async revert(epoch: number): Promise<TargetResult<GatewayState>> {
    return this.command((record) => revertGateway(record, epoch));
  }

  /** Believed only when the arbiter that this gateway asks says the same now. Requests go on while it is asked. */
  async tellCommitted(epoch: number, state: unknown): Promise<TargetResult<GatewayState>> {
    const parsed = acceptState(state, parseGatewayState);
    const { confirmCommitted = async () => true } = this.deps;
    if (!(await confirmCommitted(epoch))) {
      return { ok: false, refusal: 'NOT_COMMITTED', highestEpoch: highestEpoch(this.record.target) };
    }
    return this.serial.run(() => this.change((record) => commitGateway(record, epoch, parsed), 'command', true));
  }

  /**
   * Parks every new request that it `holds` and waits until none of them is in flight. Reads that are not held go on where they went.
   *
   * Idempotent per epoch; concurrent calls all wait. `holding` is true at the moment it is returned. `no_arbiter`: nothing is
   * held, because nobody could say afterwards who serves.
   */
  async hold(epoch: number, deadlineMs: number, holds: Held): Promise<HoldAnswer> {
    if (this.record.target.staged?.epoch === epoch && this.record.hold === null) await this.lookout.look(epoch);
    const began = await this.serial.run(async (): Promise<HoldAnswer | undefined> => {
      if (this.doubt !== null) return { kind: 'in_doubt' };
      const result = holdGateway(this.record, epoch, Math.min(deadlineMs, this.deps.settings.maxDeadlineMs), holds);
      if (!result.ok) return { kind: 'refused', refusal: result.refusal, highestEpoch: result.highestEpoch };
      if (!result.changed) return undefined;
      if (this.lookout.isMissing(epoch)) return { kind: 'no_arbiter' };
      // Durable before the first request is parked: a crash in between leaves a hold that nobody was told of, never the
      // reverse. Requests go on being forwarded during the write.
      await this.deps.persist(result.record);
      const isNew = this.record.hold === null;
      this.record = result.record;
      if (isNew) this.beginHold(epoch, result.record.hold?.deadlineMs ?? deadlineMs);
      else this.deps.onEvent({ kind: 'hold_raised', epoch });
      return undefined;
    });
    return began ?? this.drained(epoch);
  }

  /**
   * The epoch that is held was committed: new reads go to the side that is entered, which takes no writes yet. Those that are at the other
   * one may end there: they began before any write of the new one. Not stored, because nobody waits for a disk in the pause, and a restart asks first.
   */
  moveReads(epoch: number): Promise<ReadsAnswer> {
    return this.serial.run(async (): Promise<ReadsAnswer> => {
      const result = moveReads(this.record, epoch);
      if (result.ok) {
        this.record = result.record;
        if (result.changed) this.deps.onEvent({ kind: 'reads_moved', epoch });
      }
      // It lost its state, or was made to give the epoch up, and goes on at the side that was left, perhaps: whom it asks knows.
      else if (this.deps.confirmCommitted !== undefined && isNewsOf(this.record, epoch)) this.beginDoubt('told');
      const weights = readsGoTo(this.record, this.doubt !== null);
      if (weights === null) return { kind: 'moved', epoch, readsAt: 'nobody' };
      const { from, to } = this.deps.direction;
      if (result.ok) return { kind: 'moved', epoch, readsAt: weights[from] > 0 ? from : to };
      return { kind: 'refused', refusal: result.refusal, highestEpoch: result.highestEpoch };
    });
  }

  /** Refuses what is parked and everything after it. What is in flight goes on. */
  stop(): void {
    this.stopped = true;
    this.cancelDeadline?.();
    this.asker.stop();
    this.queue.refuseAll('shutting_down');
    this.watchers.wake();
  }

  /** Resolves when nothing is in flight, or after `timeoutMs`. @returns how many are still in flight */
  async idle(timeoutMs: number): Promise<number> {
    await this.watchers.until(() => this.inFlight === 0, timeoutMs);
    return this.inFlight;
  }

  private begin(kind: RequestKind, weights: GatewayState['weights']): Side {
    this.forwarded.began(kind);
    return this.picker.pick(weights);
  }

  private get heldMs(): number {
    return this.heldSince === null ? 0 : this.deps.clock.now() - this.heldSince;
  }

  /** Requests in flight that a fence must not meet. */
  private get inTheWay(): number {
    return this.record.hold?.holds === 'writes' ? this.forwarded.of('write') : this.inFlight;
  }

  private async drained(epoch: number): Promise<HoldAnswer> {
    const holds = () => this.doubt === null && this.record.hold?.epoch === epoch && !this.stopped;
    await this.watchers.until(() => this.inTheWay === 0 || !holds(), this.deps.settings.drainTimeoutMs);
    if (this.doubt !== null || this.stopped) return { kind: 'in_doubt' };
    if (!holds()) return { kind: 'refused', refusal: 'STALE_EPOCH', highestEpoch: highestEpoch(this.record.target) };
    if (this.inTheWay > 0) return { kind: 'drain_timeout', epoch, inFlight: this.inTheWay };
    return { kind: 'holding', epoch, parked: this.queue.count };
  }

  private command(decide: (record: GatewayRecord) => GatewayResult): Promise<TargetResult<GatewayState>> {
    return this.serial.run(() => this.change(decide, 'command'));
  }

  /**
   * Only inside `serial`.
   * @param isCommit that the newest committed epoch is known now
   */
  private async change(
    decide: (record: GatewayRecord) => GatewayResult,
    by: SettledBy,
    isCommit = false,
  ): Promise<TargetResult<GatewayState>> {
    const before = this.record;
    const result = decide(before);
    if (!result.ok) return result;
    if (result.changed) await this.deps.persist(result.record);
    if (this.deps.isLapsed?.() === true) this.noteLapse();
    this.record = result.record;
    const { applied } = result.record.target;
    if (applied !== before.target.applied) {
      this.deps.onEvent({ kind: 'applied', epoch: applied.epoch, state: applied.state });
    }
    if (before.hold !== null && result.record.hold === null) this.endHold(before.hold.epoch);
    if (this.doubt !== null && isSettled(this.doubt.epoch, { before, after: result.record, isCommit }))
      this.endDoubt(by);
    return { ok: true, record: result.record.target, changed: result.changed };
  }

  private beginHold(epoch: number, deadlineMs: number): void {
    this.heldSince = this.deps.clock.now();
    this.cancelDeadline = this.deps.clock.after(deadlineMs, () => this.beginDoubt('hold_deadline'));
    this.deps.onEvent({ kind: 'hold_began', epoch });
  }

  private endHold(epoch: number): void {
    this.cancelDeadline?.();
    const { heldMs } = this;
    this.heldSince = null;
    this.deps.onEvent({ kind: 'hold_ended', epoch, heldMs, released: this.queue.count });
    if (this.doubt === null) this.release.start();
    this.watchers.wake();
  }

  private beginDoubt(reason: DoubtReason): void {
    if (this.stopped || this.doubt !== null) return;
    const epoch = undecidedEpoch(this.record);
    this.doubt = { reason, epoch, refusing: false, news: 0, lastVerdict: null };
    this.deps.onEvent({ kind: 'doubt_began', reason, epoch });
    this.watchers.wake();
    void this.asker.ask(this.doubt);
  }

  private endDoubt(settledBy: SettledBy): void {
    this.asker.stop();
    this.doubt = null;
    this.settledBy = settledBy;
    this.deps.onEvent({ kind: 'doubt_ended', settledBy });
    this.release.start();
  }

  /** Only inside `serial`. A command that came while we asked may have settled it already, or have brought another epoch: then only a commit still counts. */
  private async settleDoubt(doubt: Doubt, { epoch, news }: Asked, answer: DoubtAnswer): Promise<void> {
    if (this.doubt !== doubt) return;
    if (answer.verdict === 'committed') {
      const state = stateFor(this.record, answer.epoch, answer.side);
      await this.change((record) => commitGateway(record, answer.epoch, state), 'committed', true);
      return;
    }
    if (answer.verdict === 'unknown' || doubt.news !== news || undecidedEpoch(this.record) !== epoch) return;
    if (epoch === null) this.endDoubt(answer.verdict);
    // That nobody has heard of a cutover is no word about an epoch that was staged here: whoever began it knew of it.
    else if (answer.verdict === 'aborted') await this.change((record) => revertGateway(record, epoch), 'aborted');
  }

  /** The oldest that is parked goes; requests that come meanwhile line up behind. @returns whether there was one */
  private releaseOne(): boolean {
    // A hold that came meanwhile, or a stop: the rest keeps its place.
    const parked = this.mode === 'pass' && !this.stopped ? this.queue.shift() : undefined;
    parked?.proceed(this.begin(parked.kind, this.record.target.applied.state.weights));
    return parked !== undefined;
  }
}
