import { z } from 'zod';
import { label } from '../fields';

export const environmentSection = z
  .strictObject({
    name: label().describe(
      'Name of this environment, for example `prod-eu`: lower-case letters, digits and hyphens. Part of workflow ids, search attributes and resource tags.',
    ),
    production: z
      .boolean()
      .default(true)
      .describe('Whether real users depend on it. Drills are refused where this is true, and checks are stricter.'),
  })
  .describe('What this installation is called and how careful to be with it.');
