import { z } from 'zod';
import { hydraSide } from '../service/hydra-admin';
import { listenAddress } from '../service/http-listener';

/** The resource API's config file. `listen`, `control` and `stateFile` are bound at start; everything else is followed live. */
export const resourceApiConfig = z.strictObject({
  listen: listenAddress.prefault({}),
  control: listenAddress.prefault({}),
  /** Keeps the target record over restarts. */
  stateFile: z.string().min(1),
  /** Which Hydra to ask, until the first epoch is seen. */
  initial: hydraSide,
  /** For everything that one request asks Hydra. */
  hydraDeadlineMs: z.int().min(50).max(60_000).default(5_000),
  /** How long an active answer is believed. Above 0 a revoked token lives on that long. */
  introspectionCacheMs: z.int().min(0).max(3_600_000).default(0),
});
export type ResourceApiConfig = z.infer<typeof resourceApiConfig>;
