import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  type AnswersReceipt,
  type CanaryReceipt,
  type CutoverEvidence,
  type ParityReceipt,
  type Plan,
  type SwitchoverReceipt,
  type SyncReceipt,
} from '../../../domain/receipts';
import { type Asides } from '../../../domain/asides';
import { COMMITTED_SIGNAL } from '../../../domain/commit-word';
import { type StepInput, type Steps } from '../../../domain/steps';

export const PLAN: Plan = {
  environment: 'test',
  mode: 'real',
  configDigest: 'digest',
  hydraVersion: { blue: '1.11.10', green: '2.3.0' },
  blue: { instanceId: 'blue', engineVersion: '15', databaseBytes: 1_000_000, rows: { hydra_client: 3 } },
  green: { instanceId: 'green' },
  rules: [{ id: 'empty-subject', title: 'rows without subject', kind: 'clean', rows: 2 }],
  targets: ['policy'],
  gateways: ['gateway-1'],
  jobs: ['cleanup'],
  warnings: ['a warning'],
  steps: [{ phase: 'snapshot', what: 'snapshot of blue', undo: 'delete it', predictedMs: 60_000 }],
  gates: {
    planTimeoutMs: 3_600_000,
    cutoverTimeoutMs: 3_600_000,
    evidenceEveryMs: 600_000,
    finalizeTimeoutMs: 3_600_000,
    finalize: 'manual',
    approverIsNotStarter: false,
  },
  switchover: { attempts: 2, retryDelayMs: 1_000, pauseBudgetMs: 5_000 },
  extendLifetimes: true,
};

/** A preflight whose plan is another one in this. */
export const withPlan = (change: Partial<Plan>) => ({
  preflight: async ({ environment }: StepInput): Promise<Plan> => ({ ...PLAN, ...change, environment }),
});

export const withGates = (change: Partial<Plan['gates']>) => withPlan({ gates: { ...PLAN.gates, ...change } });

/** What preflight adds to the plan of a rehearsal. */
export const REHEARSAL: NonNullable<Plan['rehearsal']> = {
  gatePlan: 'automatic',
  goesOn: true,
  findings: [],
  keepSnapshot: false,
  startsGreen: true,
  cleanedRowsMax: 0,
};

export const PARITY: ParityReceipt = { tables: { hydra_client: 3 }, rows: 3, differences: 0, examples: [] };
const SYNC: SyncReceipt = { rounds: 1, changes: 2, rows: 3, backlog: 0 };
export const ANSWERS: AnswersReceipt = {
  askedAt: '2026-01-01T00:00:00.000Z',
  asked: [{ question: 'client', asked: 3, differing: 0 }],
  findings: [],
  found: 0,
  notAsked: [],
};
export const EVIDENCE: CutoverEvidence = {
  gatheredAt: '2026-01-01T00:00:00.000Z',
  backlog: 0,
  lastRoundMs: 5,
  parity: PARITY,
  canaryMs: 20,
  requestsPerSecond: null,
  predictedPauseMs: 100,
  answers: ANSWERS,
  canaryUser: { state: 'known', loggedInAt: '2026-01-01T00:00:00Z', beforeSnapshot: true, why: null },
  problems: [],
};
export const COMMITTED: SwitchoverReceipt = {
  outcome: 'committed',
  attempt: 1,
  epoch: 1,
  holdMs: 90,
  heldAt: '2026-01-01T00:00:00.000Z',
  stepsMs: { hold: 10 },
  refused: 0,
  targets: [{ name: 'gateway-1', kind: 'gateway', epoch: 1 }],
  lastRound: SYNC,
  staleChallenges: 0,
};
export const CANARY_HELD: CanaryReceipt = {
  ...{ state: 'held', loggedInAt: '2026-01-01T00:00:00Z', beforeSnapshot: true, why: null },
  steps: [{ step: 'session', state: 'held' }],
};

export const ABORTED: SwitchoverReceipt = {
  outcome: 'aborted',
  attempt: 1,
  epoch: 1,
  holdMs: 90,
  stepsMs: {},
  reason: 'requests in flight did not end in time',
};

export type StepName = keyof Steps;
type FakeStep = (input: StepInput) => Promise<unknown>;

export const STEP_ANSWERS: Record<StepName, FakeStep> = {
  preflight: async ({ environment }) => ({ ...PLAN, environment }),
  extendLifetimes: async () => ({ clients: 1 }),
  restoreLifetimes: async () => ({ clients: 1 }),
  enableCapture: async () => ({ tables: 14, canaryMs: 5 }),
  disableCapture: async () => undefined,
  takeSnapshot: async () => ({ snapshotId: 's' }),
  deleteSnapshot: async () => undefined,
  restoreGreen: async () => ({ instanceId: 'green' }),
  deleteGreen: async () => undefined,
  closeGreen: async () => undefined,
  keepRowHashes: async () => ({ tables: { hydra_client: 3 }, rows: 3 }),
  cleanGreen: async () => ({ rules: [] }),
  migrateGreen: async () => ({ applied: 1, pending: 0, durationMs: 1 }),
  repairGreen: async () => ({ fixups: [] }),
  guardGreen: async () => ({ tables: 14 }),
  vacuumGreen: async () => undefined,
  startGreen: async () => undefined,
  stopGreen: async () => undefined,
  catchUp: async () => SYNC,
  keepInSync: untilCancelled,
  verifyParity: async () => PARITY,
  compareRowHashes: async () => PARITY,
  compareAnswers: async () => ANSWERS,
  tryWrites: async () => ({ steps: ['refresh'], durationMs: 1, changed: 0 }),
  gatherEvidence: async () => EVIDENCE,
  pauseJobs: async () => undefined,
  resumeJobs: async () => undefined,
  sampleBlue: async () => ({ subjects: 1, clients: 1 }),
  switchover: async () => COMMITTED,
  abandonSwitchover: async () => ({ outcome: 'aborted' }),
  proveDrain: async () => ({ captured: 1, applied: 1, missing: 0, undoneChanges: 0, byKind: {}, notCarried: [] }),
  stopBlue: async () => undefined,
  validate: async () => ({ ok: true, checks: [] }),
  bake: async () => ({ verdict: 'clean', durationMs: 1, requests: 1, errorRate: 0, p95Ms: 1, problems: [] }),
  previewJobs: async () => ({ ok: true, jobs: [] }),
  guardPurge: async () => ({ ok: true, jobs: [] }),
  readMetrics: async () => ({ blue: null, green: null }),
  finalize: async () => undefined,
};

/** Runs until it is cancelled, as a step does that works in rounds. */
export async function untilCancelled(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat({ rounds: 1 }), 100);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

/** A switchover that tells its run of the commit before its end, twice, as a worker that died and its successor. */
export async function tellsOfCommit({ cutoverId }: StepInput): Promise<SwitchoverReceipt> {
  const { client, info } = Context.current();
  const run = client.workflow.getHandle(info.workflowExecution?.workflowId ?? '');
  for (let said = 0; said < 2; said += 1) await run.signal(COMMITTED_SIGNAL, { cutoverId, epoch: 1 });
  return COMMITTED;
}

/** Ends a step for good, as a fault that is not retryable. */
export async function fails(): Promise<never> {
  throw ApplicationFailure.nonRetryable('it broke', 'RDS_FAILED');
}

/** @returns a step that goes through these one call after the other; the last one stays */
export function inTurn(...steps: readonly [FakeStep, ...FakeStep[]]): FakeStep {
  let calls = 0;
  return (input) => (steps[Math.min(calls++, steps.length - 1)] ?? steps[0])(input);
}

export const answers =
  (value: unknown): FakeStep =>
  () =>
    Promise.resolve(value);

/** What is done beside a run is no step, and not noted as one. */
export const FAKE_ASIDES: Readonly<Record<keyof Asides, FakeStep>> = {
  keepReport: async () => ({ kept: 'nowhere', why: 'a test' }),
  tell: async () => undefined,
  isCommitted: async () => true,
};

/** Every step as an activity that notes its call and answers as if all were well, but where `overrides` says otherwise. */
export function fakeSteps(overrides: Partial<Record<StepName, FakeStep>> = {}, asides = FAKE_ASIDES) {
  const calls: StepName[] = [];
  const activities = Object.fromEntries(
    Object.entries({ ...STEP_ANSWERS, ...overrides }).map(([name, step]) => [
      name,
      (input: StepInput) => {
        calls.push(name as StepName);
        return step(input);
      },
    ]),
  );
  return { calls, activities: { ...activities, ...asides } };
}
