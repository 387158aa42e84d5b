import { type GatewayCalls } from '../callers';
import { type Histogram } from '../histogram';
import { type HydraAge } from '../in-place/ages';
import { type AnswerCount, type OAuthAnswerCount } from '../oauth-answers';
import { type HourOfWrites } from '../quiet-hours';
import { type ShadowOrder, type ShadowView } from '../shadow';
import { type Sightings } from '../sightings';
import { type SideName } from '../sides';

/** A dependent system whose config is flipped; `domain/target.ts` is its protocol. */
export interface Target {
  readonly name: string;
  /** Remembers the state that serves `side` for `epoch` durably, without using it. Idempotent. */
  stage(epoch: number, side: SideName): Promise<TargetView>;
  /** Uses what was staged for `epoch`. Idempotent. */
  apply(epoch: number): Promise<TargetView>;
  /** Gives `epoch` up, staged or applied. Idempotent; also for an epoch that never arrived. */
  revert(epoch: number): Promise<TargetView>;
  /**
   * `epoch` was committed: uses the state that serves `side`, whatever was staged or reverted up to it, and takes no revert of it
   * any more. Idempotent. Only for whoever asked the arbiter in that very call; a gateway asks its arbiter itself before it believes.
   */
  tellCommitted(epoch: number, side: SideName): Promise<TargetView>;
  read(): Promise<TargetView>;
}

/**
 * All methods @throws CutoverFault TARGET_UNREACHABLE (retryable) | TARGET_REFUSED | TARGET_STATE_INVALID | EPOCH_IMPOSSIBLE; where the record is a file
 * or a row also STATE_UNREADABLE | STATE_UNWRITABLE (retryable) | DISK_FULL | COMMAND_FAILED (the reload; repeat the call)
 */
export interface TargetView {
  readonly appliedEpoch: number;
  /** The side that the applied state serves; null when it is neither of the two that the config knows. */
  readonly appliedSide: SideName | null;
  readonly stagedEpoch: number | null;
  /** Applied, staged or reverted: the next epoch must be above. */
  readonly highestEpoch: number;
}

/**
 * What worker and gateway have to agree about. 1: a hold keeps everything waiting. 2: a hold keeps writes waiting, and reads are moved by a
 * call of their own. A worker needs gateways of its own protocol or a newer one; a gateway understands older workers.
 */
export const GATEWAY_PROTOCOL = 2;

/**
 * What a gateway knows of keys that it was given, by what blue made with its own. `unseen`: nothing was made yet. `foreign`: they are those
 * of another Hydra, or of secrets that are no longer in use.
 */
export const KEY_VERDICTS = ['unseen', 'fit', 'foreign'] as const;
export type KeyVerdict = (typeof KEY_VERDICTS)[number];

/** One instance of the gateway. It is a target too: its states are weights. */
export interface Gateway extends Target {
  /**
   * Parks new writes and waits until none is in flight; reads go on. A hold ends with apply or revert of its epoch.
   * @throws CutoverFault GATEWAY_BUSY (requests in flight did not end in time; the hold stays until it is reverted) |
   *   TARGET_REFUSED (in doubt, or a newer epoch) | TARGET_UNREACHABLE
   */
  hold(epoch: number, deadlineMs: number): Promise<{ readonly parked: number; readonly member: string | null }>;
  /**
   * `epoch` was committed: sends new reads to `to`, which serves it, while writes are held on; or to nobody before it has asked its arbiter,
   * which says the same. Idempotent.
   * @throws CutoverFault TARGET_REFUSED (it holds nothing for that epoch, or sends them elsewhere) | TARGET_UNREACHABLE
   */
  moveReads(epoch: number, to: SideName): Promise<void>;
  state(): Promise<GatewayView>;
  /**
   * Adds to the map of blue's challenges and verifiers that green cannot know. Idempotent; used once green serves.
   * Durable before it returns.
   */
  addStaleChallenges(entries: readonly StaleChallenge[]): Promise<void>;
  /**
   * Percent of blue's requests that go to the newer of its two Hydras. Undefined: it knows one Hydra of blue.
   *
   * @throws CutoverFault TARGET_REFUSED (a gateway of a version that keeps no order of shares) | TARGET_UNREACHABLE
   */
  besideShare?(): Promise<number | undefined>;
  /**
   * Durable before it returns.
   *
   * @param order one that is below the last that it was called with comes too late, and changes nothing
   * @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED (it knows one Hydra of blue, or the order is too old)
   */
  setBesideShare?(share: number, order: number): Promise<void>;
  /**
   * Whether the keys that it was given open a cookie that a side has made. Changes nothing. Null: it has none for cookies, or is of a version
   * that does not try.
   */
  opensCookie?(side: SideName, cookie: { readonly name: string; readonly value: string }): Promise<boolean | null>;
  /**
   * Has a side's Hydra open its connections to its database, before clients wait for that: asks it about tokens that nobody has. Writes
   * nothing. Undefined: it is of a version that does not.
   */
  warmUp?(side: SideName): Promise<WarmUp | undefined>;
  /** What its clients saw since it started. */
  traffic?(): Promise<GatewayTraffic>;
  /** What it has seen, over weeks and restarts. Undefined: it is of a version that does not look. */
  observations?(): Promise<GatewayObservations | undefined>;
  /**
   * Asks closed green what clients ask of blue, and compares. Called after each round of the sync; idempotent but for that.
   * Undefined: it is of a version that does not.
   */
  shadow?(order: ShadowOrder): Promise<ShadowView | undefined>;
  /** What that has shown so far. */
  shadowed?(): Promise<ShadowView | undefined>;
}

/** How many questions were asked of a side, and how many of them were answered with 200. */
export interface WarmUp {
  readonly asked: number;
  readonly answered: number;
}

export interface GatewayObservations {
  readonly sightings: Sightings;
  readonly writes: {
    /** Of the last minute. */
    readonly perSecond: number;
    readonly hours: readonly HourOfWrites[];
  };
}

/** Counters: they only grow until a restart, which begins at 0. */
export interface GatewayTraffic {
  readonly requests: number;
  readonly serverErrors: number;
  readonly latency: Histogram;
  /** What the sides said, by endpoint and OAuth error; empty for a gateway of a version that does not count it. */
  readonly answers: readonly OAuthAnswerCount[];
  /** How long each side took, by endpoint; empty for a gateway of a version that does not measure it. */
  readonly latencies: Readonly<Record<SideName, Readonly<Record<string, Histogram>>>>;
  /** What it sent to blue; undefined for a gateway of a version that does not count it. */
  readonly callsToBlue?: GatewayCalls;
  /** The same of the two Hydras of blue; undefined for a gateway of a version that does not tell them apart. */
  readonly beside?: Readonly<Record<HydraAge, AgeTraffic>>;
}

/** What one of two Hydras of a side said, and how long it took, by endpoint. */
export interface AgeTraffic {
  readonly answers: readonly AnswerCount[];
  readonly latencies: Readonly<Record<string, Histogram>>;
}

export interface GatewayView {
  /** See {@link GATEWAY_PROTOCOL}. */
  readonly protocol: number;
  /** At blue's arbiter. Null: it asks no arbiter, or another one. */
  readonly member: { readonly id: string; readonly isAlive: boolean } | null;
  readonly mode: 'pass' | 'hold' | 'in_doubt';
  readonly epoch: number;
  readonly inFlight: number;
  readonly parked: number;
  readonly ready: Readonly<Record<SideName, boolean>>;
  /** Calls of each side without a whole answer yet. Missing where its version does not tell. */
  readonly underWay?: Readonly<Record<SideName, number>> | undefined;
  /** Names of what it does besides forwarding, for example `session-cookies`. */
  readonly features: readonly string[];
  /** Of each of those features that needs keys. Missing where its version does not tell. */
  readonly keys?: Readonly<Record<string, KeyVerdict>> | undefined;
}

/** A login or consent that was begun on blue. All values are blue's; they are in no log. */
export interface StaleChallenge {
  readonly kind: 'login_challenge' | 'login_verifier' | 'consent_challenge' | 'consent_verifier';
  readonly value: string;
  /** Where the browser begins anew. */
  readonly requestUrl: string;
}

/** A job of a dependent that acts on Hydra's answers, for example one that removes orphans. */
export interface Job {
  readonly name: string;
  /** Returns when no run is under way any more. Idempotent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  status(): Promise<{ readonly paused: boolean; readonly running: boolean }>;
  /**
   * What a run would remove now. Changes nothing, and works while the job is paused.
   *
   * @param onProgress called now and then with how many are named so far; what it throws ends the preview
   * @throws CutoverFault TARGET_UNREACHABLE (retryable) | TARGET_REFUSED
   */
  preview(onProgress?: (named: number) => void): Promise<JobPreview>;
}

export interface JobPreview {
  /** How many things, named or not. */
  readonly wouldRemove: number;
  /** One entry for each thing, so a subject that loses two stands there twice. What is missing here counts as unexplained. */
  readonly removals: readonly JobRemoval[];
}

/** Because of which consent something goes: the more it names, the more can be explained. */
export interface JobRemoval {
  readonly subject: string;
  /** Id of the OAuth client, for what belongs to a subject and a client. */
  readonly client?: string;
  /** Id of the consent (`consent_request.challenge` of Hydra's list), for what belongs to one. */
  readonly consent?: string;
}

/** A number of a dependent's own metrics that only grows until it is restarted. */
export interface DependentCounter {
  readonly name: string;
  /** @throws CutoverFault TARGET_UNREACHABLE | TARGET_REFUSED */
  readonly read: () => Promise<number>;
}
