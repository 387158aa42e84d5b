import { z } from 'zod';
import { IN_PLACE_PATHS, type InPlaceVersion } from '../../domain/in-place/paths';
import { DAY_MS, durationMs, httpUrl, identifier, MINUTE_MS, SECOND_MS, secret } from '../fields';
import { command } from './commands';

const VERSIONS = Object.keys(IN_PLACE_PATHS) as [InPlaceVersion, ...InPlaceVersion[]];

const role = () => identifier();

const commands = z
  .strictObject({
    migrateOld: command(
      '`hydra migrate sql` of the old version. It gets `DSN`, of the scratch database alone.',
      15 * MINUTE_MS,
    ),
    migrateNew: command(
      "`hydra migrate sql` of blue's version. It gets `DSN`, of the scratch database alone.",
      15 * MINUTE_MS,
    ),
    startBeside: command(
      "Starts Hydra of blue's version beside the old one, at `blue.publicUrl` and `blue.adminUrl`, as `newRole`, with the secrets of the old one and with `OAUTH2_SESSION_ENCRYPT_AT_REST=false`.",
      5 * MINUTE_MS,
    ),
    stopBeside: command('Stops it again.', 5 * MINUTE_MS),
    stopOld: command('Stops every Hydra of the old version.', 5 * MINUTE_MS),
    startOld: command('Starts Hydra of the old version again.', 5 * MINUTE_MS),
    encrypt: command(
      "Starts Hydra of blue's version anew without `OAUTH2_SESSION_ENCRYPT_AT_REST=false`, one instance after the other, so that somebody serves all the while.",
      15 * MINUTE_MS,
    ),
  })
  .prefault({})
  .describe('How the two versions are run: commands that may be repeated without harm.');

export const inPlaceSection = z
  .strictObject({
    from: z
      .enum(VERSIONS)
      .meta({
        allowed: `${VERSIONS.join(', ')}; from 1.11.10 or 2.2.0 leave inPlace out: the upgrade makes a copy of blue`,
      })
      .describe("The version that serves now. It is upgraded to `blue.hydraVersion` on blue's own database."),
    old: z
      .strictObject({
        publicUrl: httpUrl().describe('Base URL of the public API of the old Hydra itself.'),
        adminUrl: httpUrl().describe('Base URL of the admin API of the old Hydra itself.'),
      })
      .describe('Where the old version is. `blue.publicUrl` and `blue.adminUrl` are those of the new one.'),
    oldRole: role().describe(
      'Role that the old version logs in as, and no other program. It must be `blue.hydraRole` or a member of it.',
    ),
    newRole: role().describe(
      'Role that the new version logs in as while both serve: another one, member of `blue.hydraRole`.',
    ),
    scratch: z
      .strictObject({
        name: identifier().describe("Name of an empty database on blue's server."),
        user: role()
          .optional()
          .describe('Role to connect as; it owns the database. Without it: that of `blue.database`.'),
        password: secret().optional().describe('Its password. Without it: that of `blue.database`.'),
      })
      .describe("Where the vendor's own migrations are watched before they are done on the live database."),
    commands,
    migration: z
      .strictObject({
        lockTimeoutMs: durationMs(1, 10 * SECOND_MS)
          .default(100)
          .describe('One try for a lock, in milliseconds: everybody on that table waits as long.'),
        lockAttempts: z.int().min(1).max(100_000).default(600).describe('How often a lock is tried for.'),
        batchRows: z.int().min(1).max(1_000_000).default(1_000).describe('Rows that one transaction looks at.'),
      })
      .prefault({})
      .describe('How carefully the live database is migrated.'),
    recycle: z
      .strictObject({
        how: z
          .enum(['wait', 'terminate'])
          .default('wait')
          .describe(
            'How sessions of the old version come to see the views. `wait`: until they end by themselves (`max_conn_lifetime` in its DSN). `terminate`: those that do nothing are ended, and a request that is about to use one may fail.',
          ),
        deadlineMs: durationMs(SECOND_MS, DAY_MS)
          .default(10 * MINUTE_MS)
          .describe('Sessions that are still open after so many milliseconds are reported.'),
      })
      .prefault({})
      .describe('New sessions for the old version, before the first statement and on the way back.'),
    shares: z
      .array(z.int().min(1).max(100).describe('Percent of the requests.'))
      .min(1)
      .max(20)
      .default([1, 10, 50, 100])
      .describe('What the new version gets of the requests, step by step: rising, and 100 at the end.'),
    judge: z
      .strictObject({
        durationMs: durationMs(SECOND_MS, 7 * DAY_MS)
          .default(10 * MINUTE_MS)
          .describe('How long each share is watched, in milliseconds.'),
        pollMs: durationMs(100, 60 * MINUTE_MS)
          .default(10_000)
          .describe('Between two looks, in milliseconds.'),
        requestsMin: z
          .int()
          .min(1)
          .max(1_000_000_000)
          .default(200)
          .describe('Fewer requests at the new version prove nothing: a person is asked.'),
        errorRateMax: z
          .number()
          .min(0)
          .max(1)
          .default(0.001)
          .describe(
            'Share of server errors that is still good, whatever the old version does; above 0 a single one always is.',
          ),
        p95MsMax: durationMs(1, 600_000)
          .optional()
          .describe('Highest good 95th percentile of answer times in milliseconds. Without it: not looked at.'),
        loadRatioMax: z
          .number()
          .min(0)
          .max(1_000)
          .default(4)
          .describe(
            'How many times the memory of the old version, and its CPU per request, the new one may take, by `/metrics/prometheus` of both. Where that is one of several instances: 0, which is not to judge it.',
          ),
      })
      .prefault({})
      .describe('How each share is judged: by what the old version answers at the same time, and by these limits.'),
    readyDeadlineMs: durationMs(SECOND_MS, 60 * MINUTE_MS)
      .default(3 * MINUTE_MS)
      .describe(
        'How long a Hydra that was started may take to be ready, and one that was stopped to be gone, in milliseconds.',
      ),
  })
  .describe(
    'The step before the upgrade, where blue does not run its version yet: `start --in-place` brings its database there while it serves. Without this section: none.',
  );
