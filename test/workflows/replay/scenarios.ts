import { closed, decide, gateOpens, until, type Handle, type OpenTemporal } from '../support/environment';
import { fails, fakeSteps, PLAN, REHEARSAL, untilCancelled, type StepName } from '../support/fake-steps';
import { type UpgradeInput } from '../../../domain/runbook';

type FakeSteps = ReturnType<typeof fakeSteps>;

/** One run whose history is kept. */
export interface Scenario {
  readonly name: string;
  /** How it must have closed: a run that went wrong is not worth keeping. */
  readonly closes: string;
  readonly input?: Partial<UpgradeInput>;
  readonly steps?: Parameters<typeof fakeSteps>[0];
  readonly drive: (handle: Handle, calls: readonly StepName[]) => Promise<void>;
}

/** Every way through the workflow that a run which is open somewhere may have gone. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'happy',
    closes: 'COMPLETED',
    drive: async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
      await decide(handle, 'finalize');
    },
  },
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
    drive: async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'cutover');
    },
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
    steps: { preflight: async ({ environment }) => ({ ...PLAN, environment, mode: 'rehearse', rehearsal: REHEARSAL }) },
    drive: async () => undefined,
  },
];

/** @returns the run's closed workflow @throws Error when it closed otherwise than the scenario wants */
export async function play(temporal: OpenTemporal, scenario: Scenario): Promise<Handle> {
  const { calls, activities }: FakeSteps = fakeSteps(scenario.steps);
  return temporal.upgrade(
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
