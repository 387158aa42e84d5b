import { HYDRA_1_11_10 } from './1-11-10';
import { type LaunchFacts } from './facts';

/**
 * The oldest version that is upgraded, in place to 1.11.10. Its schema is read where it is needed: see `hydra/in-place/`.
 *
 * Source: ory/hydra at tag v1.3.2, and the real binary.
 */
export const HYDRA_1_3_2 = {
  apiGeneration: HYDRA_1_11_10.apiGeneration,
  flowTable: false,
  // Nobody has tried which of its requests change nothing, so all count as writes.
  reads: { public: [], admin: [] },
  cookies: HYDRA_1_11_10.cookies,
  secretHashers: HYDRA_1_11_10.secretHashers,
  issuer: HYDRA_1_11_10.issuer,
  needsForwardedProto: true,
  migrateArgs: ['migrate', 'sql', '-e', '-y'],
} as const satisfies LaunchFacts;
