import { HYDRA_2_3_0 } from './2-3-0';
import { type HydraVersionFacts } from './facts';
import { MIGRATIONS_2_2_0 } from './migrations';

/** Source: ory/hydra at tag v2.2.0 (spec/config.json, driver/config/provider.go, cmd/migrate_sql.go), and the real binary. */
export const HYDRA_2_2_0 = {
  apiGeneration: HYDRA_2_3_0.apiGeneration,
  flowTable: true,
  migrations: MIGRATIONS_2_2_0,
  reads: HYDRA_2_3_0.reads,
  cookies: HYDRA_2_3_0.cookies,
  secretHashers: HYDRA_2_3_0.secretHashers,
  issuer: HYDRA_2_3_0.issuer,
  needsForwardedProto: false,
  migrateArgs: ['migrate', 'sql', '-e', '-y'],
} as const satisfies HydraVersionFacts;
