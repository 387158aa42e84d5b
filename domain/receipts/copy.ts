import { type MigrationTime } from './plan';

export interface CaptureReceipt {
  readonly tables: number;
  readonly canaryMs: number;
  /** Null: the canary user is logged in on blue; else why he is not. Missing where an older worker did it. */
  readonly noCanaryUser?: string | null;
}

export interface SnapshotReceipt {
  readonly snapshotId: string;
}

export interface RestoreReceipt {
  readonly instanceId: string;
}

export interface CleanReceipt {
  readonly rules: readonly { readonly id: string; readonly rows: number; readonly archived: number }[];
  /** Objects of blue without which green is migrated; what makes them again is in the archive, under `schema`. */
  readonly adapted?: readonly string[];
}

export interface MigrateReceipt {
  readonly applied: number;
  readonly pending: 0;
  readonly durationMs: number;
  /** The ones that took longest, longest first; as far as this try saw them run. */
  readonly slowest?: readonly MigrationTime[];
  /** Of this try. Missing where it had nothing to do, the server's counters went back, or an older worker migrated. */
  readonly costs?: MigrationCosts;
}

/** What a migration cost green's database, by the server's own counters. */
export interface MigrationCosts {
  readonly rowsInserted: number;
  readonly rowsUpdated: number;
  readonly rowsDeleted: number;
  /** Written to temporary files. */
  readonly tempBytes: number;
  readonly commits: number;
  readonly walBytes: number;
}

/** What the copy's rows must become, hashed before they are migrated. */
export interface RowHashesReceipt {
  readonly tables: Readonly<Record<string, number>>;
  readonly rows: number;
}

export interface RepairReceipt {
  readonly fixups: readonly { readonly id: string; readonly rows: number }[];
}

export interface SyncReceipt {
  readonly rounds: number;
  /** Log rows that were done. */
  readonly changes: number;
  /** Rows written or removed on green. */
  readonly rows: number;
  readonly backlog: number;
  /** Changes that it carried in a second when it had enough to do: what it can keep up with. */
  readonly perSecond?: number;
}

export interface ParityReceipt {
  readonly tables: Readonly<Record<string, number>>;
  readonly rows: number;
  readonly differences: number;
  /** Table and a hash of the key, at most 20. */
  readonly examples: readonly string[];
  /** ISO 8601: when it was through. */
  readonly comparedAt?: string;
}

/** What green's own Hydra wrote to a rehearsal's copy. */
export interface WriteTrialReceipt {
  /** What worked, in order. */
  readonly steps: readonly string[];
  readonly durationMs: number;
  /** Rows that are no more what they had to become, though nobody but the trial wrote. Null: what they had to become was not kept. */
  readonly changed: number | null;
  /** Why green's Hydra may not serve with the grace for used refresh tokens that it has; missing where it has none. */
  readonly refreshGrace?: string;
}
