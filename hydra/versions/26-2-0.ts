import { HYDRA_2_3_0 } from './2-3-0';
import { type HydraVersionFacts } from './facts';
import { MIGRATIONS_26_2_0 } from './migrations';

/** Source: `hydra-26-facts`, seen on the real binary, which the operator has: no build of ours can be made of its module. */
export const HYDRA_26_2_0 = {
  ...HYDRA_2_3_0,
  migrations: MIGRATIONS_26_2_0,
  extensions: ['uuid-ossp'],
} as const satisfies HydraVersionFacts;
