import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';

/**
 * How long a step may take and how often it is tried. Every profile waits for a cancelled step to say that it has stopped:
 * otherwise its undo would run beside it. The worker beats every second for each step (activities/at-boundary.ts), so a beat that
 * stays away for the second duration means a dead worker. A step that cannot succeed says so itself (a fault that is not retryable).
 */
export const PROFILES = {
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

export type ProfileName = keyof typeof PROFILES;

/** Steps as the workflow calls them, each with its profile and the line that the Temporal UI shows for it. */
export function proxySteps<Steps extends object>(
  options: Readonly<Record<keyof Steps, readonly [ProfileName, string]>>,
): Steps {
  const named: [string, readonly [ProfileName, string]][] = Object.entries(options);
  return Object.fromEntries(
    named.map(([name, [profileName, summary]]) => {
      const proxied = proxyActivities({ ...PROFILES[profileName], summary });
      return [name, proxied[name]];
    }),
  ) as Steps;
}

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
