import { z } from 'zod';
import { baseUrl, hydraSide } from '../service/hydra-admin';
import { listenAddress } from '../service/http-listener';

/** The login app's config file. `listen` and `control` are bound at start; everything else is followed live. */
export const loginAppConfig = z.strictObject({
  listen: listenAddress.prefault({}),
  control: listenAddress.prefault({}),
  /** Hydra's admin API; through a gateway that maps paths it is generation 1 for both sides. */
  hydra: hydraSide,
  /** Where browsers reach Hydra, to resolve the relative addresses that it gives for a used logout challenge. */
  hydraPublicUrl: baseUrl.optional(),
  /** The one password that every user name has. */
  password: z.string().min(1),
  /** How long "remember me" lasts, for the login and for the consent; 0: for ever. */
  rememberForMs: z
    .int()
    .min(0)
    .default(24 * 3_600_000),
  /** Whether it says how it authenticated: Hydra before 1.11 refuses a login with a field that it does not know. */
  sendsAmr: z.boolean().default(true),
  hydraDeadlineMs: z.int().min(100).max(120_000).default(10_000),
});
export type LoginAppConfig = z.infer<typeof loginAppConfig>;
