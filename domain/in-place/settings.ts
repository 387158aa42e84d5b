import { type BakeSettings, type GateSettings } from '../settings';
import { type InPlaceVersion } from './paths';

/** The two databases of an upgrade in place: the one that serves, and an empty one where the vendor's migration is watched. */
export type InPlaceDatabase = 'live' | 'scratch';

/**
 * Commands of the operator. `migrateOld`, `migrateNew`: `migrate sql` of the two versions, which get their DSN. The others start and stop
 * Hydras; `encrypt` starts the new version anew without the setting that it had beside the old one.
 */
export const IN_PLACE_COMMANDS = [
  'migrateOld',
  'migrateNew',
  'startBeside',
  'stopBeside',
  'stopOld',
  'startOld',
  'encrypt',
] as const;
export type InPlaceCommand = (typeof IN_PLACE_COMMANDS)[number];

/** Plain values without secrets. */
export interface InPlaceSettings {
  readonly environment: string;
  readonly configDigest: string;
  readonly from: InPlaceVersion;
  readonly to: string;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** Owns Hydra's tables. */
  readonly owner: string;
  /** What the old version logs in as: no other program may. */
  readonly oldRole: string;
  /** What the new version logs in as while both serve. */
  readonly newRole: string;
  readonly migration: {
    /** One short try for a lock: everybody on that table waits as long. */
    readonly lockTimeoutMs: number;
    readonly lockAttempts: number;
    readonly batchRows: number;
  };
  readonly recycle: { readonly how: 'wait' | 'terminate'; readonly deadlineMs: number };
  /** Percent, rising, the last one 100. */
  readonly shares: readonly number[];
  /** How each share is judged; the words are those of the bake. */
  readonly judge: BakeSettings & {
    /** How many times the memory, and the CPU per request, of the old version the new one may take; 0: not judged. */
    readonly loadRatioMax: number;
  };
  /** How long a Hydra that was started may take to be ready, and one that was stopped to be gone. */
  readonly readyDeadlineMs: number;
  readonly gates: GateSettings;
}
