import { z } from 'zod';
import { durationMs } from '../fields';

export const checksSection = z
  .strictObject({
    timeoutMs: durationMs(100, 300_000)
      .default(10_000)
      .describe(
        'How long one check of `doctor`, and the wait of `approve` and `status` for a worker, may take, in milliseconds.',
      ),
  })
  .prefault({})
  .describe('Limits of the checks.');
