import { type BrakeSettings } from './brake';
import { type InstanceOverrides } from './instance-plan';
import { type SupportedHydraVersion } from './hydra-versions';
import { type PreparingPhase } from './runbook';
import { type SideName } from './sides';

/** `keys`: keys of rows, with hashes of what they said. */
export type ArchiveKind = 'keys' | 'rows';

/**
 * What the steps of a cutover need to know of the config: plain values without secrets. Whoever composes the worker makes it
 * of the loaded config; addresses and credentials stay inside the ports.
 */
export interface CutoverSettings {
  readonly environment: {
    readonly name: string;
    readonly production: boolean;
    /** Whether a drill, which moves the writes to green for practice, may be done here. @default false */
    readonly allowsDrill?: boolean;
  };
  /** SHA-256 of everything in the config that is not secret. */
  readonly configDigest: string;
  /** Address and namespace, for people who meet a cutover outside of it. */
  readonly temporal?: string;
  readonly hydraVersion: { readonly blue: SupportedHydraVersion; readonly green: SupportedHydraVersion };
  /** The schema of Hydra's tables. */
  readonly hydraSchema: string;
  readonly provider: {
    readonly blueInstanceId: string;
    readonly greenInstanceId: string;
    /** What green's instance gets instead of what blue's has. @default as blue */
    readonly greenInstance?: InstanceOverrides;
    readonly waitDeadlineMs: number;
    readonly pollMs: number;
    /** Removed at finalize; an undo removes both always. */
    readonly keepSnapshot: boolean;
    /** No green is made of an older one. @default no limit */
    readonly snapshotAgeMsMax?: number;
  };
  /** What stays of rows that were cleaned, from finalize on. */
  readonly archive: ArchiveKind;
  /** What reads Hydra's rows on each side, and prepares green's. @default our role */
  readonly workerRoles?: Readonly<Partial<Record<SideName, string>>>;
  /** What may only look, on each side. @default our role */
  readonly lookRoles?: Readonly<Partial<Record<SideName, string>>>;
  readonly green: {
    /** The role that owns Hydra's tables, and what Hydra on green logs in as. */
    readonly hydraRole: string;
    /** What green is written as while it is closed. */
    readonly syncRole: string;
    /** What green is migrated as. */
    readonly migrationRole: string;
    /** How long a Hydra that was started may take to be ready, and one that was stopped to be gone. @default 180_000 */
    readonly readyDeadlineMs?: number;
    /** Which roles may ask the arbiters who serves: those of the gateways. */
    readonly arbiterRoles: readonly string[];
  };
  readonly sync: {
    /** Rows of one table that travel at once. */
    readonly batchRows: number;
    /** So few changes that are not carried yet are no reason not to ask for the cutover. */
    readonly backlogMax: number;
    /** Or as many as are carried in so long, at the speed of the round before. */
    readonly backlogMsMax: number;
    /** What the change log may take of blue's disk before a person is told. */
    readonly changeLogBytesMax: number;
    /** Between rounds when nothing is left. */
    readonly idleMs: number;
    /** A catch-up that has not caught up by then gives up. */
    readonly catchUpDeadlineMs: number;
    /** How long a login or a consent may take: `ttl.login_consent_request` of Hydra on blue. */
    readonly loginTtlMs: number;
  };
  /** How much of blue the reading of it may take. */
  readonly brake: BrakeSettings;
  /** Answers of closed green beside those of blue; 0 requests: not asked for. */
  readonly shadow: { readonly requestsPerSecondMax: number; readonly rampMs: number };
  readonly migration: {
    readonly timeoutMs: number;
    readonly statementTimeoutMs: number;
    readonly lockTimeoutMs: number;
  };
  readonly switchover: SwitchoverSettings;
  readonly validation: {
    readonly subjects: number;
    readonly clients: number;
    readonly syntheticLogin: boolean;
    /** A person knows what a grace for used refresh tokens on green risks. @default false */
    readonly acceptsRefreshGrace?: boolean;
  };
  readonly bake: BakeSettings;
  readonly gates: GateSettings;
  readonly cleaning: CleaningSettings;
  readonly rehearsal: RehearsalSettings;
  /** Raised for clients on blue until finalize, so that fewer refreshes fall into the window; null: left alone. */
  readonly accessTokenLifespanMs: number | null;
}

export interface BakeSettings {
  readonly durationMs: number;
  readonly pollMs: number;
  readonly requestsMin: number;
  /** Share of 5xx answers of all, at the gateways. */
  readonly errorRateMax: number;
  /** null: not looked at. */
  readonly p95MsMax: number | null;
}

export interface CleaningSettings {
  /** A rule that would remove more than this share of a table is a question of its own. */
  readonly removedShareMax: number;
}

/** How a rehearsal is done. */
export interface RehearsalSettings {
  /** `automatic`: nobody is asked, so that one can run at night. */
  readonly gatePlan: 'automatic' | 'manual';
  /** Whether Hydra is started on the migrated copy, where there is a command for it. */
  readonly startGreen: boolean;
  readonly keepSnapshot: boolean;
  /** More cleaned rows than this stand in the report as a finding. */
  readonly cleanedRowsMax: number;
}

export interface SwitchoverSettings {
  /** From the first held request to its release; over it before the commit: blue again. */
  readonly pauseBudgetMs: number;
  /** After it a gateway asks by itself who serves. */
  readonly holdDeadlineMs: number;
  /** The fence's lease ends so much before the hold's deadline. */
  readonly leaseMarginMs: number;
  readonly lockTimeoutMs: number;
  readonly lockAttempts: number;
  /** Rounds before the hold go on until a round takes less than this. */
  readonly roundMsMax: number;
  /** How often an attempt that was given up before its commit is followed by another. */
  readonly attempts: number;
  readonly retryDelayMs: number;
  /** Blue's Hydra is not stopped for so long while gateways have requests under way there. */
  readonly readsDeadlineMs: number;
}

export interface GateSettings {
  readonly planTimeoutMs: number;
  readonly cutoverTimeoutMs: number;
  /** The evidence at gate `cutover` is gathered anew so often. */
  readonly evidenceEveryMs: number;
  readonly finalizeTimeoutMs: number;
  /** `automatic`: after a clean bake nobody is asked. */
  readonly finalize: 'manual' | 'automatic';
  /** Who may decide a gate, as they claim; empty: anybody. @default [] */
  readonly approvers?: readonly string[];
  /** The starter may not decide a gate; both are claims. */
  readonly approverIsNotStarter: boolean;
  /** Gate `proceed` opens in front of these phases. @default [] */
  readonly before?: readonly PreparingPhase[];
  /** With more writes of clients gate `cutover` is approved only with a reason. @default not looked at */
  readonly writesPerSecondMax?: number;
}
