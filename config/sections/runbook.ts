import { z } from 'zod';
import { PREPARING_PHASES } from '../../domain/runbook';
import { DAY_MS, durationMs, HOUR_MS, httpUrl, label, MINUTE_MS } from '../fields';

const count = (min: number, max: number) => z.int().min(min).max(max);

export const syncSection = z
  .strictObject({
    batchRows: count(1, 100_000)
      .default(10_000)
      .describe(
        'Changes that one transaction of the sync carries at most. Fewer are slower by far: of 500 at a time it carries a third. Of large rows it takes fewer by itself.',
      ),
    backlogMax: count(0, 1_000_000)
      .default(100)
      .describe('Changes of blue that green may lack when the cutover is asked for. The last round carries them.'),
    backlogMsMax: durationMs(0, 60_000)
      .default(1_000)
      .describe(
        'Or as many changes as are carried in so many milliseconds, at the speed of the round before: where blue is written to thousands of times a second, some hundred are always left.',
      ),
    changeLogBytesMax: z
      .int()
      .min(1_000_000)
      .default(20_000_000_000)
      .describe(
        "What the change log may take of blue's disk, in bytes, before the evidence at gate `cutover` names it as a problem. A row of it takes about 600 bytes, and a refresh writes four or five.",
      ),
    idleMs: durationMs(10, 60_000).default(500).describe('Pause between rounds when nothing is left, in milliseconds.'),
    catchUpDeadlineMs: durationMs(1_000, 7 * DAY_MS)
      .default(12 * HOUR_MS)
      .describe('A catch-up that has not caught up after so many milliseconds gives up.'),
    loginTtlMs: durationMs(MINUTE_MS, 30 * DAY_MS)
      .default(30 * MINUTE_MS)
      .describe(
        'How long a login or a consent may take, in milliseconds: what `ttl.login_consent_request` says in the config of Hydra on blue (30 minutes by default). Those that are begun within it are sent to begin anew on green, later ones end as Hydra ends them.',
      ),
  })
  .prefault({})
  .describe('How changes of blue are carried to green.');

export const brakeSection = z
  .strictObject({
    rowsPerSecond: count(1, 100_000_000)
      .optional()
      .describe(
        'Rows of blue that the sync and the comparison read in a second. Without it: as many as they can. `pause` and `resume` change it during a run.',
      ),
    replicationLagMsMax: durationMs(1, DAY_MS)
      .default(30_000)
      .describe(
        'While a replica of blue is further behind, in milliseconds, blue is read more slowly: 30 seconds are waited before each piece at most.',
      ),
    activeSessionsMax: count(1, 100_000)
      .optional()
      .describe('The same while more sessions of others run statements on blue. Without it: not looked at.'),
    probeMsMax: durationMs(1, 600_000)
      .default(1_000)
      .describe('The same while a look at one row of blue takes longer, in milliseconds.'),
  })
  .prefault({})
  .describe('How much of blue the reading of it may take: by the sync, and by the comparison of rows.');
export const shadowSection = z
  .strictObject({
    requestsPerSecondMax: count(0, 10_000)
      .default(20)
      .describe('Requests to closed green from one gateway, in a second at most. 0: none.'),
    rampMs: durationMs(0, DAY_MS)
      .default(10 * MINUTE_MS)
      .describe("From none to all of blue's reads, in milliseconds."),
  })
  .prefault({})
  .describe(
    'While gate `cutover` is open, with green in sync, the gateways ask it what clients read from blue, after they have their answer, and compare what the two say.',
  );

export const cleaningSection = z
  .strictObject({
    removedShareMax: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe(
        'A cleaning rule that would remove more than this share of a table is a question of its own: at gate `plan`, and on the copy before the first row goes.',
      ),
  })
  .prefault({})
  .describe('What is cleaned on green before it is migrated.');

export const migrationSection = z
  .strictObject({
    timeoutMs: durationMs(1_000, 7 * DAY_MS)
      .default(4 * HOUR_MS)
      .describe('All migrations of green together, in milliseconds.'),
    statementTimeoutMs: durationMs(0, 7 * DAY_MS)
      .default(2 * HOUR_MS)
      .describe('One statement of them, in milliseconds. 0 is no limit.'),
    lockTimeoutMs: durationMs(1, HOUR_MS)
      .default(30_000)
      .describe('Waiting for one lock, in milliseconds. Nobody else is on green by then.'),
  })
  .prefault({})
  .describe("Limits of `hydra migrate sql`, set as the migrating role's own settings.");

/** What the cross-checks judge together, also where the file sets only one of them. */
export const SWITCHOVER_DEFAULTS = {
  pauseBudgetMs: 5_000,
  holdDeadlineMs: 10_000,
  leaseMarginMs: 2_000,
  lockTimeoutMs: 250,
} as const;

export const switchoverSection = z
  .strictObject({
    pauseBudgetMs: durationMs(100, 300_000)
      .default(SWITCHOVER_DEFAULTS.pauseBudgetMs)
      .describe(
        'From the first held request to its release, in milliseconds. Over it before the commit: blue goes on.',
      ),
    holdDeadlineMs: durationMs(200, 600_000)
      .default(SWITCHOVER_DEFAULTS.holdDeadlineMs)
      .describe('After so many milliseconds a gateway that holds asks the database by itself who serves.'),
    leaseMarginMs: durationMs(50, 300_000)
      .default(SWITCHOVER_DEFAULTS.leaseMarginMs)
      .describe("How long before the gateways' deadline the fence on blue ends by itself, in milliseconds."),
    lockTimeoutMs: durationMs(10, 60_000)
      .default(SWITCHOVER_DEFAULTS.lockTimeoutMs)
      .describe('Waiting for the writers of blue, each time, in milliseconds. Blue waits for as long.'),
    lockAttempts: count(1, 20).default(4).describe('How often that wait is tried in one attempt.'),
    roundMsMax: durationMs(1, 60_000)
      .default(100)
      .describe('Rounds before the hold go on until one takes less than this, in milliseconds.'),
    attempts: count(1, 100).default(5).describe('Attempts in all; after the last one a person decides.'),
    retryDelayMs: durationMs(0, HOUR_MS).default(10_000).describe('Between two attempts, in milliseconds.'),
    readsDeadlineMs: durationMs(0, HOUR_MS)
      .default(120_000)
      .describe(
        'For requests that are under way at blue when its Hydra is to be stopped, in milliseconds. After it a person is asked, and nothing is cut.',
      ),
  })
  .prefault({})
  .describe('The pause in which writes move to green.');

export const validationSection = z
  .strictObject({
    subjects: count(0, 10_000)
      .default(100)
      .describe('Subjects whose consents are read on blue and, after the switchover, on green.'),
    clients: count(0, 10_000).default(100).describe('Clients that are read on both sides.'),
    syntheticLogin: z
      .boolean()
      .default(true)
      .describe('Whether a login with a client of our own is played through on green.'),
    acceptsRefreshGrace: z
      .boolean()
      .default(false)
      .describe(
        "Confirms that green may have `oauth2.grant.refresh_token.rotation_grace_period` before it is finalized: whoever goes back to blue and retries a refresh within it loses the login. Otherwise a rehearsal and the validation refuse it, by what green's Hydra does with a used token.",
      ),
  })
  .prefault({})
  .describe("What is asked of green once it serves. Blue's answers are the measure.");

export const bakeSection = z
  .strictObject({
    durationMs: durationMs(0, 7 * DAY_MS)
      .default(30 * MINUTE_MS)
      .describe('How long green is watched before finalize is asked for, in milliseconds.'),
    pollMs: durationMs(100, HOUR_MS).default(10_000).describe('Between two looks, in milliseconds.'),
    requestsMin: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .default(1_000)
      .describe(
        'Fewer requests than this prove nothing: the bake is then inconclusive, and a person decides at gate finalize.',
      ),
    errorRateMax: z
      .number()
      .min(0)
      .max(1)
      .default(0.001)
      .describe('Share of answers with a status of 5xx that is still good.'),
    p95MsMax: durationMs(1, 600_000)
      .optional()
      .describe('Highest good 95th percentile of answer times in milliseconds. Without it: not looked at.'),
    counters: z
      .array(
        z
          .strictObject({
            name: label().describe('Name in the report.'),
            metricsUrl: httpUrl().describe("The dependent's metrics in Prometheus' text format."),
            metric: z
              .string()
              .max(200)
              .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
              .meta({ allowed: 'the name of a counter' })
              .describe('The counter.'),
            labels: z
              .record(z.string().max(200), z.string().max(1_000))
              .default({})
              .describe('Series that have all of these labels are added up.'),
          })
          .describe('One counter.'),
      )
      .max(20)
      .default([])
      .describe(
        'What dependents count, for example what a policy service answers with 403: more of it for each request than before the switchover makes the bake bad.',
      ),
  })
  .prefault({})
  .describe('Watching green under real traffic.');

export const gatesSection = z
  .strictObject({
    planTimeoutMs: durationMs(1_000, 30 * DAY_MS)
      .default(DAY_MS)
      .describe(
        'How long gate `plan` stays open, in milliseconds. When nobody has approved by then, nothing is begun.',
      ),
    before: z
      .array(z.enum(PREPARING_PHASES))
      .max(PREPARING_PHASES.length)
      .default([])
      .describe(
        'Phases that begin only after a person approved at gate `proceed`, with the results of the earlier phases as evidence. Rehearsals do not ask. When nobody decides within `cutoverTimeoutMs`, everything is undone.',
      ),
    cutoverTimeoutMs: durationMs(1_000, 30 * DAY_MS)
      .default(3 * DAY_MS)
      .describe(
        'How long gate `cutover` stays open, in milliseconds. When nobody has approved by then, everything is undone.',
      ),
    evidenceEveryMs: durationMs(1_000, DAY_MS)
      .default(15 * MINUTE_MS)
      .describe(
        'How often the evidence is gathered again while gate `cutover` is open, in milliseconds. Choose a longer time where the gate may stay open for days: it is gathered 500 times at most.',
      ),
    finalizeTimeoutMs: durationMs(1_000, 90 * DAY_MS)
      .default(14 * DAY_MS)
      .describe(
        'How long gate `finalize` stays open, in milliseconds. When nobody has accepted by then, gate `intervene` opens. Nothing is removed.',
      ),
    finalize: z
      .enum(['manual', 'automatic'])
      .default('manual')
      .describe('`automatic`: nobody is asked when the bake is clean and no person skipped anything.'),
    writesPerSecondMax: z
      .number()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe(
        'While clients write more often than this at the gateways, gate `cutover` is approved only with a note that says why. Without it: not looked at.',
      ),
    approvers: z
      .array(z.string().trim().min(1).max(200).describe('A name, as it will be claimed with `--by`.'))
      .max(100)
      .default([])
      .describe(
        'Who may decide gates `plan`, `proceed`, `cutover` and `finalize`; empty: anybody. At gate `intervene` anybody may help. Names are claims: who may send a decision at all is up to the access rules of Temporal.',
      ),
    approverIsNotStarter: z
      .boolean()
      .default(false)
      .describe('Refuse decisions by whoever started the upgrade. Both names are claims.'),
  })
  .prefault({})
  .describe('Where a person decides.');

export const leversSection = z
  .strictObject({
    accessTokenLifespanMs: durationMs(60_000, 30 * DAY_MS)
      .optional()
      .describe(
        "Lifetime of access tokens of blue's clients from the plan until finalize, in milliseconds, so that fewer refreshes fall into the pause. Without it: left alone.",
      ),
  })
  .prefault({})
  .describe('Optional means to make the pause less felt.');

export const retentionSection = z
  .strictObject({
    keepSnapshot: z
      .boolean()
      .default(true)
      .describe('Whether the snapshot stays after finalize. An undo removes it in any case.'),
    snapshotAgeMsMax: durationMs(60 * 60_000, 90 * DAY_MS)
      .default(7 * DAY_MS)
      .describe(
        'How old a snapshot may be when a run makes green of it, in milliseconds; and when the report says that one which stays should go.',
      ),
    archive: z
      .enum(['keys', 'rows'])
      .default('keys')
      .describe(
        'What stays on green, from finalize on, of rows that cleaning rules changed or removed: their keys with hashes of what they said, or the whole rows. Blue has the rows as long as its instance is there.',
      ),
  })
  .prefault({})
  .describe('What is kept after the cutover.');
