import { z } from 'zod';
import { DAY_MS, durationMs, MINUTE_MS, secret, text } from '../fields';

const variableName = () =>
  z
    .string()
    .max(200)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .meta({ allowed: 'names of environment variables' });

/** A program of the operator. @param what it does, as a sentence @param timeoutMs its default */
export function command(what: string, timeoutMs: number) {
  return z
    .strictObject({
      argv: z
        .array(text())
        .min(1)
        .max(100)
        .describe('The program and its arguments. No shell: write `["sh", "-c", "…"]` where one is wanted.'),
      env: z
        .record(variableName(), z.string().max(10_000).describe('Value of this variable.'))
        .default({})
        .describe(
          "Its environment, besides `PATH` and `HOME` and what the step adds. Nothing else of the worker's environment is passed on.",
        ),
      secretEnv: z
        .record(variableName(), secret().describe('Value of this variable.'))
        .default({})
        .describe('Variables whose values are secret: replaced wherever the command prints them.'),
      workingDirectory: text().optional().describe("Folder it runs in. Without it: the worker's."),
      timeoutMs: durationMs(100, 7 * DAY_MS)
        .default(timeoutMs)
        .describe('How long it may take, in milliseconds; then its process group is ended.'),
    })
    .optional()
    .describe(what);
}

export const blueCommands = z
  .strictObject({
    stop: command('Stops every Hydra of blue, once green serves. Must not stop the database.', 5 * MINUTE_MS),
    start: command('Starts Hydra of blue again. Not needed yet: the commit has no way back.', 5 * MINUTE_MS),
  })
  .prefault({})
  .describe('How Hydra of blue is run: commands that may be repeated without harm.');

export const greenCommands = z
  .strictObject({
    migrate: command(
      "`hydra migrate sql` of green's version. It gets `DSN`, and must pass its exit code on; it is judged by `migrateStatus`.",
      4 * 60 * MINUTE_MS,
    ),
    migrateStatus: command(
      "`hydra migrate sql status` of green's version. It gets `DSN`; its standard output is read.",
      5 * MINUTE_MS,
    ),
    start: command(
      'Starts Hydra of green on the restored database. It need not wait until it is ready.',
      5 * MINUTE_MS,
    ),
    stop: command('Stops every Hydra of green.', 5 * MINUTE_MS),
  })
  .prefault({})
  .describe('How Hydra of green is run: commands that may be repeated without harm.');
