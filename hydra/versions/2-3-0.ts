import { type HydraVersionFacts } from './facts';
import { MIGRATIONS_2_3_0 } from './migrations';
import { READS_2_3_0 } from './reads';

/** Source: ory/hydra at tag v2.3.0 (spec/config.json, driver/config/provider.go), and the real binary. */
export const HYDRA_2_3_0 = {
  apiGeneration: 2,
  flowTable: true,
  migrations: MIGRATIONS_2_3_0,
  reads: READS_2_3_0,
  cookies: {
    names: {
      session: 'ory_hydra_session',
      login_csrf: 'ory_hydra_login_csrf',
      consent_csrf: 'ory_hydra_consent_csrf',
    },
    renamable: true,
  },
  secretHashers: { verifies: ['bcrypt', 'pbkdf2'], default: 'pbkdf2' },
  issuer: 'verbatim',
  needsForwardedProto: false,
  migrateArgs: ['migrate', 'sql', 'up', '-e', '-y'],
} as const satisfies HydraVersionFacts;
