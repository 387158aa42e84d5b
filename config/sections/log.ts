import { z } from 'zod';
import { LOG_LEVELS } from '../logger';

export const logSection = z
  .strictObject({
    level: z.enum(LOG_LEVELS).default('info').describe('Lowest level that is written to stderr.'),
  })
  .prefault({})
  .describe('Logging: one JSON object per line on stderr.');
