import { closed, decide, gateOpens, shown, until, type Handle, type OpenTemporal } from '../support/environment';
import { fakeInPlaceSteps, share } from '../support/fake-in-place-steps';
import {
  answers,
  CANARY_HELD,
  EVIDENCE,
  fails,
  fakeSteps,
  inTurn,
  REHEARSAL,
  tellsOfCommit,
  untilCancelled,
  withPlan,
} from '../support/fake-steps';
import { type Gate, type UpgradeInput } from '../../../domain/runbook';

type FakeSteps = Pick<ReturnType<typeof fakeInPlaceSteps>, 'activities' | 'calls'>;

/** One run whose history is kept. */
export interface Scenario {
  readonly name: string;
  /** How it must have closed: a run that went wrong is not worth keeping. */
  readonly closes: string;
  readonly input?: Partial<UpgradeInput>;
  readonly steps?: Parameters<typeof fakeSteps>[0];
  /** Then it is an upgrade in place, with these of its steps. */
  readonly inPlace?: NonNullable<Parameters<typeof fakeInPlaceSteps>[0]>;
  readonly drive: (handle: Handle, calls: readonly string[]) => Promise<void>;
}

const approving =
  (...gates: readonly Gate[]): Scenario['drive'] =>
  async (handle) => {
    for (const gate of gates) await decide(handle, gate);
  };

const PROBLEM = 'a prepared transaction on blue';

/** Evidence that comes to speak against it while gate `cutover` is open, which is approved then. */
const againstIt = (): Pick<Scenario, 'closes' | 'steps' | 'drive'> => ({
  closes: 'COMPLETED',
  steps: {
    keepInSync: inTurn(answers({ rounds: 2, changes: 3, rows: 4, backlog: 0 }), untilCancelled),
    gatherEvidence: inTurn(answers(EVIDENCE), answers({ ...EVIDENCE, problems: [PROBLEM] })),
  },
  drive: async (handle) => {
    await decide(handle, 'plan');
    await until(async () => shown(await gateOpens(handle, 'cutover')).includes(PROBLEM));
    await decide(handle, 'cutover');
    await decide(handle, 'finalize');
  },
});

/** Every way through the workflow that a run which is open somewhere may have gone. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'happy',
    closes: 'COMPLETED',
    drive: approving('plan', 'cutover', 'finalize'),
  },
  {
    name: 'jobs-previewed',
    closes: 'COMPLETED',
    drive: approving('plan', 'cutover', 'finalize'),
  },
  {
    // Gate `cutover` shows a user who logged in on blue, and the report how far he came on green.
    name: 'canary-followed',
    closes: 'COMPLETED',
    steps: { validate: answers({ ok: true, checks: [], canaryUser: CANARY_HELD }) },
    drive: async (handle) => {
      await decide(handle, 'plan');
      if (!shown(await gateOpens(handle, 'cutover')).includes('closed green takes his tokens')) {
        throw new Error('gate cutover does not show the canary user');
      }
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
    },
  },
  {
    // Its step says that it is committed before it ends, and says it twice.
    name: 'told-of-commit',
    closes: 'COMPLETED',
    steps: { switchover: tellsOfCommit },
    drive: approving('plan', 'cutover', 'finalize'),
  },
  // As before that was another question.
  { name: 'evidence-renewed', ...againstIt() },
  { name: 'asked-anew', ...againstIt() },
  {
    name: 'rejected',
    closes: 'UNDONE',
    drive: async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover', 'reject');
    },
  },
  {
    name: 'failed-and-undone',
    closes: 'UNDONE',
    steps: { switchover: fails },
    drive: approving('plan', 'cutover'),
  },
  {
    name: 'undo-given-up',
    closes: 'UNDO_INCOMPLETE',
    steps: { migrateGreen: fails, deleteGreen: fails },
    drive: async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'intervene', 'give_up');
    },
  },
  {
    name: 'cancelled',
    closes: 'CANCELLED',
    steps: { restoreGreen: untilCancelled },
    drive: async (handle, calls) => {
      await decide(handle, 'plan');
      await until(async () => calls.includes('restoreGreen'));
      await handle.cancel();
    },
  },
  {
    name: 'told-by-signal',
    closes: 'CANCELLED',
    steps: { restoreGreen: untilCancelled },
    drive: async (handle, calls) => {
      await gateOpens(handle, 'plan');
      await handle.signal('decideSignal', { gate: 'plan', decision: 'approve', by: 'approver' });
      await until(async () => calls.includes('restoreGreen'));
      await handle.cancel();
    },
  },
  {
    name: 'rehearsed',
    closes: 'COMPLETED',
    input: { mode: 'rehearse' },
    steps: withPlan({ mode: 'rehearse', rehearsal: REHEARSAL }),
    drive: async () => undefined,
  },
  {
    name: 'in-place-accepted',
    closes: 'COMPLETED',
    inPlace: {},
    drive: approving('plan', 'finalize'),
  },
  {
    // Its commit and its end are told as soon as they came to be.
    name: 'in-place-told',
    closes: 'COMPLETED',
    inPlace: {},
    drive: approving('plan', 'finalize'),
  },
  {
    name: 'in-place-bad-share',
    closes: 'UNDONE',
    inPlace: { judgeShare: async () => share({ verdict: 'bad' }), takeLayerBack: answers({ stays: true }) },
    drive: async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'intervene', 'retry');
      await decide(handle, 'intervene', 'give_up');
    },
  },
  {
    name: 'in-place-cancelled',
    closes: 'CANCELLED',
    inPlace: { migrateOnline: untilCancelled, takeLayerBack: answers({ stays: true }) },
    drive: async (handle, calls) => {
      await decide(handle, 'plan');
      await until(async () => calls.includes('migrateOnline'));
      await handle.cancel();
    },
  },
];

/** @returns the run's closed workflow @throws Error when it closed otherwise than the scenario wants */
export async function play(temporal: OpenTemporal, scenario: Scenario): Promise<Handle> {
  const { calls, activities }: FakeSteps =
    scenario.inPlace === undefined ? fakeSteps(scenario.steps) : fakeInPlaceSteps(scenario.inPlace);
  const upgrade = scenario.inPlace === undefined ? temporal.upgrade : temporal.upgradeInPlace;
  return upgrade(
    activities,
    async (handle) => {
      await scenario.drive(handle, calls);
      const { type, status } = await closed(handle);
      if ((type ?? status) !== scenario.closes) {
        throw new Error(`the run "${scenario.name}" closed as ${type ?? status}, not as ${scenario.closes}`);
      }
      return handle;
    },
    scenario.input,
  );
}
