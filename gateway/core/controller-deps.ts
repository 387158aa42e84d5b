import { type FindAttempt } from './arbiter-lookout';
import { type Clock } from './clock';
import { type ConfirmCommitted, type DoubtReason, type ResolveDoubt, type Verdict } from './doubt';
import { type GatewayRecord } from './gateway-record';
import { type GatewayState, type Side } from './gateway-state';
import { type HoldLimits } from './hold-queue';
import { type Direction } from '../../domain/sides';
import { type TargetRefusal } from '../../domain/target';

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
  /** Of the switchovers that this gateway takes part in: whom it asks decides about leaving `from`. */
  readonly direction: Direction;
  /** Makes the record durable before it resolves. */
  readonly persist: (record: GatewayRecord) => Promise<void>;
  readonly clock: Clock;
  readonly resolveDoubt: ResolveDoubt;
  /** Without it a hold does not depend on it. */
  readonly findAttempt?: FindAttempt | undefined;
  /** Without it this gateway believes whoever may call its control interface. */
  readonly confirmCommitted?: ConfirmCommitted | undefined;
  /** This gateway is counted by no fence any more, see `Membership`. Without it only the deadline of a hold ends what it forwards. */
  readonly isLapsed?: (() => boolean) | undefined;
  readonly settings: ControllerSettings;
  readonly onEvent: (event: ControllerEvent) => void;
}

export type GatewayMode = 'pass' | 'hold' | 'in_doubt';

export type HoldAnswer =
  | { readonly kind: 'holding'; readonly epoch: number; readonly parked: number }
  | { readonly kind: 'drain_timeout'; readonly epoch: number; readonly inFlight: number }
  | { readonly kind: 'in_doubt' }
  | { readonly kind: 'no_arbiter' }
  | { readonly kind: 'refused'; readonly refusal: TargetRefusal; readonly highestEpoch: number };

/** Where new reads go. `nobody`: this gateway forwards none before it has asked, and is told of the commit then. */
export type ReadsAnswer =
  | { readonly kind: 'moved'; readonly epoch: number; readonly readsAt: Side | 'nobody' }
  | { readonly kind: 'refused'; readonly refusal: TargetRefusal; readonly highestEpoch: number };

export type ControllerEvent =
  | { readonly kind: 'hold_began'; readonly epoch: number }
  /** It waits for reads from now on, too. */
  | { readonly kind: 'hold_raised'; readonly epoch: number }
  | { readonly kind: 'reads_moved'; readonly epoch: number }
  | { readonly kind: 'hold_ended'; readonly epoch: number; readonly heldMs: number; readonly released: number }
  | { readonly kind: 'doubt_began'; readonly reason: DoubtReason; readonly epoch: number | null }
  | { readonly kind: 'doubt_asked'; readonly epoch: number | null; readonly verdict: Verdict; readonly err?: unknown }
  | { readonly kind: 'doubt_ended'; readonly settledBy: SettledBy }
  | { readonly kind: 'applied'; readonly epoch: number; readonly state: GatewayState }
  | { readonly kind: 'dropped' };

/** What ended the last doubt: a verdict of whom it asked, or a command. */
export type SettledBy = Exclude<Verdict, 'unknown'> | 'command';
