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
      .describe(
        'Whether real users depend on it. Where this is true drills are refused, and scheduled rehearsals need `--allow-production`.',
      ),
    allowsDrill: z
      .boolean()
      .default(false)
      .describe(
        'Whether the writes may be moved to green here for practice (`--mode drill`); they stay there. Never where `production` is true.',
      ),
  })
  .describe('What this installation is called and how careful to be with it.');
