import { HYDRA_2_3_0 } from './2-3-0';
import { type HydraVersionFacts } from './facts';
import { MIGRATIONS_26_2_0 } from './migrations';

/** Seen on the program that the operator has: no build of ours can be made of its module. Source: docs/hydra/facts.md, "Hydra 26.2.0". */
export const HYDRA_26_2_0 = {
  ...HYDRA_2_3_0,
  migrations: MIGRATIONS_26_2_0,
  extensions: ['uuid-ossp'],
} as const satisfies HydraVersionFacts;
