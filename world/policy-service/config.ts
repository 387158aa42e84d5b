import { z } from 'zod';
import { hydraSide } from '../service/hydra-admin';
import { listenAddress } from '../service/http-listener';

/** The policy service's config file. `listen`, `control` and `stateFile` are bound at start; everything else is followed live. */
export const policyServiceConfig = z.strictObject({
  listen: listenAddress.prefault({}),
  control: listenAddress.prefault({}),
  /** Keeps the target record over restarts. */
  stateFile: z.string().min(1),
  /** Which Hydra to ask, until the first epoch is seen. */
  initial: hydraSide,
  hydraDeadlineMs: z.int().min(50).max(60_000).default(5_000),
  cleanup: z
    .strictObject({
      /** From the end of one run to the start of the next. */
      intervalMs: z.int().min(100).max(86_400_000).default(60_000),
      /** Younger policies are left alone: their consent may still be on its way. */
      policyAgeMsMin: z.int().min(0).default(60_000),
    })
    .prefault({}),
});
export type PolicyServiceConfig = z.infer<typeof policyServiceConfig>;
