import { z } from 'zod';
import { DAY_MS, durationMs, MINUTE_MS, text } from '../fields';

export const rehearsalSection = z
  .strictObject({
    gatePlan: z
      .enum(['automatic', 'manual'])
      .default('automatic')
      .describe('`manual`: a person approves the plan of each rehearsal; then none can run at night.'),
    startGreen: z
      .boolean()
      .default(true)
      .describe(
        'Whether Hydra is started on the migrated copy, where `green.commands.start` is there, asked and let write to it.',
      ),
    keepSnapshot: z.boolean().default(false).describe('Whether the snapshot stays after a rehearsal.'),
    cleanedRowsMax: z
      .int()
      .min(0)
      .default(0)
      .describe('When cleaning rules would change more rows than this, the report lists it as a finding.'),
  })
  .prefault({})
  .describe('Rehearsals (`mode: rehearse`): all but the switchover on a copy of blue, to which nothing is written.');

export const scheduleSection = z
  .strictObject({
    cron: text()
      .regex(/^\S+( \S+){4}$/)
      .meta({ allowed: 'five fields: minute, hour, day of month, month, day of week' })
      .default('15 3 * * 1-5')
      .describe('When rehearsals begin, as in cron.'),
    timezone: text()
      .refine((value) => isTimezone(value), { error: 'no known time zone' })
      .meta({ allowed: 'a name of the IANA database such as Europe/Berlin' })
      .default('UTC')
      .describe('Time zone of `cron`.'),
    jitterMs: durationMs(0, DAY_MS)
      .default(5 * MINUTE_MS)
      .describe('Each one begins up to so many milliseconds later, at random.'),
    catchupWindowMs: durationMs(10_000, DAY_MS)
      .default(10 * MINUTE_MS)
      .describe('One that was missed because Temporal was down is made up for within so many milliseconds.'),
  })
  .prefault({})
  .describe('What `hydra-cutover schedule create` makes of it. A change takes another `create`.');

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}
