import { z } from 'zod';

export const rdsSection = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/)
      .meta({ allowed: 'an AWS region such as eu-central-1' })
      .optional()
      .describe('AWS region of both instances. Without it: `AWS_REGION` or the AWS profile.'),
  })
  .describe(
    "RDS, used when a side names an `rdsInstanceId`. Credentials and endpoint are AWS's own settings (`AWS_PROFILE`, `AWS_ENDPOINT_URL_RDS`, instance roles).",
  );
