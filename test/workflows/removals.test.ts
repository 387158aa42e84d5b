import { ApplicationFailure } from '@temporalio/common';
import { type CleanInput } from '../../domain/steps';
import { closed, decide, useTemporal } from './support/environment';
import { fakeSteps, withPlan } from './support/fake-steps';

const temporal = useTemporal();

const removal = (rows: number) => ({ rule: 'F01', table: 'hydra_oauth2_refresh', rows, of: 1_000 });

/** As the step does on a copy where the rule counts so many rows. */
function cleaner(rows: number, seen: CleanInput[]) {
  return async (input: CleanInput) => {
    seen.push(input);
    if ((input.confirmed ?? []).some((one) => one.rows >= rows)) return { rules: [] };
    const details = [{ removals: [JSON.stringify(removal(rows))] }];
    throw ApplicationFailure.create({ type: 'REMOVAL_UNCONFIRMED', message: 'too many', nonRetryable: true, details });
  };
}

describe('a rule that would remove a large share of a table', () => {
  it('is a question at gate plan by the estimate, and another by the count on the copy, before the first row goes', async () => {
    const seen: CleanInput[] = [];
    const { activities } = fakeSteps({
      ...withPlan({ removals: [removal(300)] }),
      cleanGreen: cleaner(400, seen),
    });
    const end = await temporal.upgrade(activities, async (handle) => {
      for (const gate of ['plan', 'plan', 'plan', 'cutover', 'finalize'] as const) await decide(handle, gate);
      return closed(handle);
    });
    expect(end.report.outcome).toBe('completed');
    expect(seen.map(({ confirmed }) => confirmed)).toEqual([[], [removal(400)]]);
  });

  it('ends the run with nothing removed where nobody says yes', async () => {
    const seen: CleanInput[] = [];
    const { calls, activities } = fakeSteps({ cleanGreen: cleaner(400, seen) });
    const end = await temporal.upgrade(activities, async (handle) => {
      await decide(handle, 'plan');
      await decide(handle, 'plan', 'reject');
      return closed(handle);
    });
    expect(end.report.cause).toMatchObject({ code: 'GATE_REJECTED' });
    expect(seen).toHaveLength(1);
    expect(calls).toContain('deleteGreen');
    expect(calls).not.toContain('migrateGreen');
  });
});
