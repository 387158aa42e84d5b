import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import { type Steps } from '../domain/steps';

/**
 * How long a step may take and how often it is tried. Every profile waits for a cancelled step to say that it has stopped:
 * otherwise its undo would run beside it. The worker beats every second for each step (activities/at-boundary.ts), so a beat that
 * stays away for the second duration means a dead worker. A step that cannot succeed says so itself (a fault that is not retryable).
 */
const PROFILES = {
  /** Looks and changes nothing. */
  look: profile('30 minutes', '10 seconds', { initial: '1 second', maximum: '20 seconds', attempts: 5 }),
  /** Changes something in seconds. */
  act: profile('30 minutes', '10 seconds', { initial: '1 second', maximum: '30 seconds', attempts: 8 }),
  /** Copies, migrates or compares all there is. */
  long: profile('24 hours', '20 seconds', { initial: '2 seconds', maximum: '1 minute', attempts: 12 }),
  /** Runs beside a gate for as long as a person thinks. */
  sync: profile('60 days', '10 seconds', { initial: '1 second', maximum: '30 seconds' }),
  /** Requests are held meanwhile: a dead worker must be noticed soon, and the next try begin at once. */
  switchover: profile('1 hour', '5 seconds', { initial: '200 milliseconds', maximum: '2 seconds', attempts: 8 }),
  /** Blue must be right again: patient, before a person is called. */
  undo: profile('6 hours', '10 seconds', { initial: '1 second', maximum: '1 minute', attempts: 12 }),
  /** After the commit there is no way back: patient too. */
  forward: profile('24 hours', '10 seconds', { initial: '1 second', maximum: '30 seconds', attempts: 12 }),
} as const;

type ProfileName = keyof typeof PROFILES;

/** Each step, by profile, with the line that the Temporal UI shows for it. */
const STEP_OPTIONS = {
  preflight: ['look', 'checks on both sides'],
  extendLifetimes: ['act', 'longer token lifetimes on blue'],
  restoreLifetimes: ['undo', 'token lifetimes as before'],
  enableCapture: ['long', 'record changes on blue'],
  disableCapture: ['undo', 'stop recording on blue'],
  takeSnapshot: ['long', 'snapshot of blue'],
  deleteSnapshot: ['undo', 'delete the snapshot'],
  restoreGreen: ['long', 'restore to green'],
  deleteGreen: ['undo', 'delete green'],
  closeGreen: ['act', 'close green to everybody'],
  keepRowHashes: ['long', 'what every row must become'],
  cleanGreen: ['long', 'clean what would break migrations'],
  migrateGreen: ['long', 'hydra migrate sql on green'],
  repairGreen: ['long', 'repair what the migration damaged'],
  guardGreen: ['act', 'guards on green'],
  vacuumGreen: ['long', 'vacuum and analyze green'],
  startGreen: ['act', 'start Hydra on green'],
  stopGreen: ['undo', 'stop Hydra on green'],
  catchUp: ['long', 'carry changes since the snapshot'],
  keepInSync: ['sync', 'keep green in sync beside the gate'],
  verifyParity: ['long', 'compare every row'],
  compareRowHashes: ['long', 'compare every row of the copy'],
  compareAnswers: ['long', "compare Hydra's answers"],
  tryWrites: ['long', "write through green's Hydra"],
  gatherEvidence: ['long', 'evidence for the cutover'],
  pauseJobs: ['act', 'pause jobs of dependents'],
  resumeJobs: ['undo', 'resume jobs of dependents'],
  sampleBlue: ['look', "keep blue's answers"],
  switchover: ['switchover', 'move writes to green'],
  abandonSwitchover: ['undo', 'give the switchover up'],
  proveDrain: ['forward', 'captured = applied'],
  stopBlue: ['forward', 'stop Hydra on blue'],
  validate: ['forward', "check green's answers"],
  bake: ['forward', 'watch error rate and latency'],
  guardPurge: ['forward', 'what would jobs remove now'],
  readMetrics: ['look', "read Hydra's metrics"],
  finalize: ['forward', 'remove what is ours'],
} as const satisfies Record<keyof Steps, readonly [ProfileName, string]>;

export const steps: Steps = Object.fromEntries(
  Object.entries(STEP_OPTIONS).map(([name, [profileName, summary]]) => {
    const proxied = proxyActivities<Steps>({ ...PROFILES[profileName], summary });
    return [name, proxied[name as keyof Steps]];
  }),
) as unknown as Steps;

/** The switchover once it is known to be committed: the same step, with the patience of everything behind the commit. */
export const patientSwitchover: Steps['switchover'] = proxyActivities<Steps>({
  ...PROFILES.forward,
  heartbeatTimeout: '5 seconds',
  summary: 'finish the switchover',
}).switchover;

interface Retry {
  readonly initial: NonNullable<ActivityOptions['retry']>['initialInterval'];
  readonly maximum: NonNullable<ActivityOptions['retry']>['maximumInterval'];
  /** Without it: as often as it takes. */
  readonly attempts?: number;
}

function profile(
  startToCloseTimeout: ActivityOptions['startToCloseTimeout'],
  heartbeatTimeout: ActivityOptions['heartbeatTimeout'],
  { initial, maximum, attempts }: Retry,
): ActivityOptions {
  return {
    startToCloseTimeout,
    heartbeatTimeout,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: initial,
      backoffCoefficient: 2,
      maximumInterval: maximum,
      ...(attempts === undefined ? {} : { maximumAttempts: attempts }),
    },
  };
}
