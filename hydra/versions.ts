import { type SupportedHydraVersion } from '../domain/hydra-versions';

interface MigrationFacts {
  /** Rows of `schema_migration` when everything that this version knows is applied. */
  readonly count: number;
  /** The highest of their versions. */
  readonly last: string;
}

/** What `migrate sql` leaves behind on PostgreSQL, by version; seen on the real binaries. */
export const HYDRA_MIGRATIONS = {
  '1.11.10': { count: 55, last: '20220328111500000000' },
  '2.3.0': { count: 212, last: '20241129111700000000' },
} as const satisfies Record<SupportedHydraVersion, MigrationFacts>;
