import { type SwitchoverState } from '../../domain/switchover';
import { type TargetRecord } from '../../domain/target';
import { type GatewayRecord } from '../../gateway/core/gateway-record';
import { type ArbiterTwin, type TwinBeat } from './arbiter-twin';

/** Whether a gateway knows who serves, and what it has asked about it. */
export interface GatewayDoubt {
  /** The epoch that was undecided when the doubt began. */
  readonly inQuestion: number | null;
  /** An answer that is on its way back, with the epoch that was undecided when it was asked. */
  readonly answered: { readonly epoch: number | null; readonly answer: DoubtAnswer } | null;
}

export type DoubtAnswer = { readonly verdict: 'aborted' } | { readonly verdict: 'committed'; readonly epoch: number };

/** A gateway's lease at the arbiter of the side that is left, as far as the gateway knows. */
export interface ModelLease {
  /** Another one after its state was lost. */
  readonly member: string;
  /** A beat was admitted since it was started. */
  readonly isMember: boolean;
  /** By its own clock. */
  readonly isValid: boolean;
  /** Its last beat was admitted. */
  readonly isCounted: boolean;
  readonly living: number | null;
  /** Under way: to the arbiter, or with its answer on the way back. */
  readonly beat: {
    /** What it would be given is not over by the own clock. */
    readonly isFresh: boolean;
    readonly known: number;
    readonly moved: number;
    readonly answer: TwinBeat | null;
  } | null;
}

export interface ModelGateway {
  /** Null where gateways are no members. */
  readonly lease: ModelLease | null;
  /** Runs know of it. */
  readonly isListed: boolean;
  /** As it is on its disk: every change is durable before it takes effect. */
  readonly record: GatewayRecord;
  readonly doubt: GatewayDoubt | null;
  /** What it saw last where it asks: whether this epoch is prepared there. Forgotten when it is started again. */
  readonly looked: { readonly epoch: number; readonly isPrepared: boolean } | null;
}

/** Where an orchestrator is inside an action that takes more than one message. */
export interface ModelRun {
  /** `undo`: gives up, and then takes away what a cutover rests on. */
  readonly kind: 'switchover' | 'abandon' | 'undo';
  readonly machine: SwitchoverState;
  /** What is done next; `decide` asks the decision functions. */
  readonly at: string;
  /** By party, one character each: `.` done or not concerned, `?` to be called, `!` called without success. */
  readonly calls: string;
  readonly attempt: number | null;
  readonly epoch: number | null;
  /** The newest attempt when the run began. */
  readonly latestAttempt: number;
  readonly latestEpoch: number;
  /** Members that said to it that they hold, by gateway. */
  readonly acknowledged: readonly (string | null)[];
  /** Parties that it saw serve the side that is entered, by party. */
  readonly flipped: string;
  /** Its transaction makes the writers of the side that is entered wait. */
  readonly holdsEntered: boolean;
  /** Behind its fence it was told that nothing is left to carry, and has not used that yet. */
  readonly isDoneBehindFence: boolean;
  /** What it was told behind its commit, and has not used yet. */
  readonly lookBehindCommit: 'clean' | 'found' | null;
  /** Somebody was told that the switchover is given up, after this run began. */
  readonly isGivenUp: boolean;
}

/** A message whose sender got no answer, and that arrives some time. */
export interface LateMessage {
  /** `arbiter` of the side that is left, `g0`, `g1`, `t`. */
  readonly to: string;
  readonly verb: string;
  readonly epoch: number;
  /** Of a fence: who holds. */
  readonly acknowledged?: readonly string[];
}

export interface World {
  /** Arbiter of the side that is left. */
  readonly from: ArbiterTwin;
  /** Clients wrote there since the last round of a run that had fenced it. */
  readonly isPending: boolean;
  /** A write went around its fence, and was not carried. */
  readonly isAround: boolean;
  /** Its changes are logged. */
  readonly isCaptured: boolean;
  /** Arbiter of the side that is entered. */
  readonly to: ArbiterTwin;
  readonly gateways: readonly [ModelGateway, ModelGateway];
  readonly target: TargetRecord<string>;
  readonly runs: readonly ModelRun[];
  readonly late: readonly LateMessage[];
  /** So many things may still go wrong. */
  readonly faults: number;
  readonly starts: number;
  readonly abandons: number;
}

export function withGateway(world: World, place: number, gateway: ModelGateway): World {
  const [first, second] = world.gateways;
  return { ...world, gateways: place === 0 ? [gateway, second] : [first, gateway] };
}

/** Gives equal values of one kind the same small number, so that a whole world becomes a short string. */
class Interned<T extends object> {
  private readonly ids = new Map<string, number>();
  private readonly values: T[] = [];
  private readonly known = new WeakMap<T, number>();

  id(value: T): number {
    const seen = this.known.get(value);
    if (seen !== undefined) return seen;
    const text = JSON.stringify(value);
    let id = this.ids.get(text);
    if (id === undefined) {
      id = this.values.length;
      if (id > 0xffff) throw new Error('a part of the world has more values than the encoding can tell apart');
      this.ids.set(text, id);
      this.values.push(value);
    }
    this.known.set(value, id);
    return id;
  }

  value(id: number): T {
    const found = this.values[id];
    if (found === undefined) throw new Error(`there is no value ${id}`);
    return found;
  }
}

/**
 * Worlds as short strings and back. Worlds that differ only in which gateway or which run is which get the same string: gateways are
 * alike, and so are runs.
 */
export class WorldCodec {
  private readonly arbiters = new Interned<ArbiterTwin>();
  private readonly gateways = new Interned<ModelGateway>();
  private readonly targets = new Interned<TargetRecord<string>>();
  private readonly runs = new Interned<ModelRun>();
  private readonly late = new Interned<readonly LateMessage[]>();

  encode(world: World): string {
    const [first, second] = [this.gateways.id(world.gateways[0]), this.gateways.id(world.gateways[1])];
    if (first < second) return this.text(world);
    const swapped = this.text(swapGateways(world));
    if (first > second) return swapped;
    const plain = this.text(world);
    return plain < swapped ? plain : swapped;
  }

  decode(key: string): World {
    const code = (index: number) => key.charCodeAt(index);
    const runs = Array.from({ length: code(6) }, (_, index) => this.runs.value(code(11 + index)));
    return {
      from: this.arbiters.value(code(0)),
      to: this.arbiters.value(code(1)),
      gateways: [this.gateways.value(code(2)), this.gateways.value(code(3))],
      target: this.targets.value(code(4)),
      late: this.late.value(code(5)),
      isPending: (code(7) & 1) !== 0,
      isCaptured: (code(7) & 2) !== 0,
      isAround: (code(7) & 4) !== 0,
      faults: code(8),
      starts: code(9),
      abandons: code(10),
      runs,
    };
  }

  private text(world: World): string {
    const runs = world.runs.map((run) => this.runs.id(run)).sort((a, b) => a - b);
    return String.fromCharCode(
      this.arbiters.id(world.from),
      this.arbiters.id(world.to),
      this.gateways.id(world.gateways[0]),
      this.gateways.id(world.gateways[1]),
      this.targets.id(world.target),
      this.late.id(sorted(world.late)),
      runs.length,
      (world.isPending ? 1 : 0) + (world.isCaptured ? 2 : 0) + (world.isAround ? 4 : 0),
      world.faults,
      world.starts,
      world.abandons,
      ...runs,
    );
  }
}

function sorted(late: readonly LateMessage[]): readonly LateMessage[] {
  return [...late].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Parties stand in this order wherever there is a character for each. */
export const PARTIES = ['g0', 'g1', 't'] as const;
export type Party = (typeof PARTIES)[number];

function swapGateways(world: World): World {
  const { gateways, runs, late } = world;
  const other: Readonly<Record<string, string>> = { g0: 'g1', g1: 'g0' };
  return {
    ...world,
    gateways: [gateways[1], gateways[0]],
    runs: runs.map((run) => ({
      ...run,
      calls: swapFirst(run.calls),
      flipped: swapFirst(run.flipped),
      acknowledged: [...run.acknowledged].reverse(),
    })),
    late: late.map((message) => ({ ...message, to: other[message.to] ?? message.to })),
  };
}

function swapFirst(text: string): string {
  return `${text.charAt(1)}${text.charAt(0)}${text.slice(2)}`;
}
