import { z } from 'zod';

/** What the login app and the dependents write into their ready file. */
export const dependentReady = z.object({ url: z.string(), controlUrl: z.string(), pid: z.number() });
