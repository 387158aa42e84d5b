import { z } from 'zod';
import { durationMs, HOUR_MS } from '../fields';

export const rdsSection = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/)
      .meta({ allowed: 'an AWS region such as eu-central-1' })
      .optional()
      .describe('AWS region of both instances. Without it: `AWS_REGION` or the AWS profile.'),
    waitDeadlineMs: durationMs(1_000, 168 * HOUR_MS)
      .default(8 * HOUR_MS)
      .describe('How long a snapshot, a restore or a deletion may take, each, in milliseconds.'),
    pollMs: durationMs(50, HOUR_MS)
      .default(15_000)
      .describe('Between two looks at such an operation, in milliseconds.'),
  })
  .describe(
    "RDS, used when a side names an `rdsInstanceId`. Credentials and endpoint are AWS's own settings (`AWS_PROFILE`, `AWS_ENDPOINT_URL_RDS`, instance roles).",
  );
