import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { certificates, durationMs, httpUrl, secret, text } from '../fields';

export const reportSection = z
  .strictObject({
    to: text()
      .refine((value) => isAbsolute(value), { error: 'no absolute path' })
      .meta({ allowed: 'an absolute path' })
      .optional()
      .describe(
        'Folder to which the worker writes the report of each run at its end, as HTML, JSON and their hashes, so that it outlives what Temporal keeps. It must be there and be the same for every worker; `report --run` and `history` read it. Without it: Temporal alone keeps reports.',
      ),
  })
  .prefault({})
  .describe('Where reports are kept.');

export const webhookSection = z
  .strictObject({
    url: httpUrl().describe(
      'Where notifications are posted to: a gate was opened or is about to time out, a person is needed, the writes have moved, the run has ended.',
    ),
    secret: secret().describe(
      'Key of the signature: header `x-hydra-cutover-signature` is `t=SECONDS,v1=HMAC`, HMAC-SHA256 over `SECONDS.BODY` in hex.',
    ),
    timeoutMs: durationMs(100, 10_000)
      .default(3_000)
      .describe('No answer after so many milliseconds: it is tried again, for up to an hour. No run waits for it.'),
    ca: certificates().optional().describe('PEM certificates that vouch for it. Without it: those of the system.'),
  })
  .describe(
    'One address that is notified of what happens. Redirects are not followed. Without this section nothing is sent.',
  );
