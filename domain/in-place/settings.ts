import { type InPlaceVersion } from './paths';

/** The two databases of an upgrade in place: the one that serves, and an empty one where the vendor's migration is watched. */
export const IN_PLACE_DATABASES = ['live', 'scratch'] as const;
export type InPlaceDatabase = (typeof IN_PLACE_DATABASES)[number];

/** `migrate sql` of the two versions: commands of the operator, which get their DSN. */
export const IN_PLACE_COMMANDS = ['migrateOld', 'migrateNew'] as const;
export type InPlaceCommand = (typeof IN_PLACE_COMMANDS)[number];

/** Plain values without secrets. */
export interface InPlaceSettings {
  readonly from: InPlaceVersion;
  readonly to: string;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** Owns Hydra's tables. */
  readonly owner: string;
  /** What the old version logs in as: no other program may. */
  readonly oldRole: string;
  readonly migration: {
    /** One short try for a lock: everybody on that table waits as long. */
    readonly lockTimeoutMs: number;
    readonly lockAttempts: number;
    readonly batchRows: number;
  };
  readonly recycle: { readonly how: 'wait' | 'terminate'; readonly deadlineMs: number };
}
