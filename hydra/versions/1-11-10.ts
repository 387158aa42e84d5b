import { type HydraVersionFacts } from './facts';
import { MIGRATIONS_1_11_10 } from './migrations';
import { READS_1_11_10 } from './reads';

/** Source: ory/hydra at tag v1.11.10 (spec/config.json, driver/registry_base.go), and the real binary. */
export const HYDRA_1_11_10 = {
  apiGeneration: 1,
  flowTable: false,
  migrations: MIGRATIONS_1_11_10,
  reads: READS_1_11_10,
  cookies: {
    names: {
      session: 'oauth2_authentication_session',
      login_csrf: 'oauth2_authentication_csrf',
      consent_csrf: 'oauth2_consent_csrf',
    },
    renamable: false,
  },
  secretHashers: { verifies: ['bcrypt'], default: 'bcrypt' },
  issuer: 'with slash',
  needsForwardedProto: true,
  migrateArgs: ['migrate', 'sql', '-e', '-y'],
} as const satisfies HydraVersionFacts;
