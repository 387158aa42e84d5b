import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { type Gate } from '../../domain/runbook';
import { decide, gateOpens, useTemporal, type Handle } from './support/environment';
import { IN_PLACE_WORKFLOW } from '../../domain/in-place/runbook';
import { fakeInPlaceSteps } from './support/fake-in-place-steps';
import { answers, fails, fakeSteps, inTurn, REHEARSAL, type StepName, withGates, withPlan } from './support/fake-steps';

const WORKFLOWS = join(__dirname, '..', '..', 'workflows');

interface Scene {
  readonly gate: Gate;
  readonly steps?: Partial<Record<StepName, ReturnType<typeof answers>>>;
  readonly mode?: 'rehearse';
  /** Then it is an upgrade in place, with these of its steps. */
  readonly inPlace?: NonNullable<Parameters<typeof fakeInPlaceSteps>[0]>;
  /** Brings the run to its question, which is left unanswered. */
  readonly reach?: (handle: Handle) => Promise<void>;
}

const to =
  (...gates: readonly Gate[]) =>
  async (handle: Handle) => {
    for (const gate of gates) await decide(handle, gate);
  };
const removals = [{ rule: 'F01', table: 'hydra_oauth2_refresh', rows: 3, of: 4 }];
const drain = { captured: 2, applied: 1, missing: 1, undoneChanges: 0, byKind: {}, notCarried: [] };

/** Each place in the workflows that asks, as `file: how often`, and a run that comes to ask it. */
const SCENES: Readonly<Record<string, readonly Scene[]>> = {
  'in-place/accept.ts': [{ gate: 'finalize', inPlace: {}, reach: to('plan') }],
  'in-place/migrate.ts': [{ gate: 'plan', inPlace: {} }],
  'in-place/phase.ts': [{ gate: 'intervene', inPlace: { migrateOnline: fails }, reach: to('plan') }],
  'phases/clean.ts': [
    {
      gate: 'plan',
      steps: {
        cleanGreen: () =>
          Promise.reject(
            ApplicationFailure.create({
              ...{ type: 'REMOVAL_UNCONFIRMED', message: 'too many', nonRetryable: true },
              details: [{ removals: removals.map((one) => JSON.stringify(one)) }],
            }),
          ),
      },
      reach: to('plan'),
    },
  ],
  'phases/go-forward.ts': [
    { gate: 'finalize', reach: to('plan', 'cutover') },
    { gate: 'intervene', steps: { proveDrain: answers(drain) }, reach: to('plan', 'cutover') },
    {
      gate: 'intervene',
      reach: async (handle) => {
        await to('plan', 'cutover')(handle);
        await gateOpens(handle, 'finalize');
        await handle.cancel();
      },
    },
  ],
  'phases/prepare.ts': [{ gate: 'plan' }],
  'phases/proceed.ts': [
    {
      gate: 'proceed',
      steps: withGates({ before: ['repair'] }),
      reach: to('plan'),
    },
  ],
  'phases/rehearse.ts': [
    {
      gate: 'plan',
      mode: 'rehearse',
      steps: withPlan({ mode: 'rehearse', rehearsal: { ...REHEARSAL, gatePlan: 'manual' } }),
    },
  ],
  'phases/switch-over.ts': [{ gate: 'cutover', reach: to('plan') }],
  'saga.ts': [
    {
      gate: 'intervene',
      steps: { migrateGreen: fails, deleteGreen: inTurn(fails, answers(undefined)) },
      reach: to('plan'),
    },
  ],
};

it('every place in the workflows that asks a person has a run here that comes to it', () => {
  const asking: Record<string, number> = {};
  for (const file of readdirSync(WORKFLOWS, { recursive: true, encoding: 'utf8' })) {
    // Where gates are made, not asked.
    if (!file.endsWith('.ts') || file === 'gates.ts' || file === 'phases/approval.ts') continue;
    const source = readFileSync(join(WORKFLOWS, file), 'utf8');
    const calls = source.match(/gates\s*\.ask\(|\b(?:intervene|mustApprove)\(/g) ?? [];
    if (calls.length > 0) asking[file] = calls.length;
  }
  expect(Object.fromEntries(Object.entries(SCENES).map(([file, scenes]) => [file, scenes.length]))).toEqual(asking);
});

describe('a gate never opens without evidence', () => {
  const temporal = useTemporal();

  it.each(
    Object.entries(SCENES).flatMap(([file, scenes]) => scenes.map((scene, at) => [file, at + 1, scene] as const)),
  )('%s, question %i', async (_file, _at, { gate, steps, mode, inPlace, reach }) => {
    const input = mode === undefined ? {} : { mode };
    const handle =
      inPlace === undefined
        ? await temporal.begin(fakeSteps(steps).activities, input)
        : await temporal.begin(fakeInPlaceSteps(inPlace).activities, {}, IN_PLACE_WORKFLOW);
    await reach?.(handle);
    const { awaiting } = await gateOpens(handle, gate);
    const { verdict, facts, title } = awaiting?.evidence ?? { facts: [] };
    expect([title, verdict?.text, facts[0]?.value].map((text) => text?.trim())).not.toContain('');
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    const places = ['**Verdict', `${verdict?.text}`, `- ${facts[0]?.label}: `, 'How to answer'];
    const found = places.map((text) => currentDetails.indexOf(text));
    expect(found).not.toContain(-1);
    // Verdict first, answers last.
    expect(found).toEqual([...found].sort((one, other) => one - other));
    for (const decision of awaiting?.decisions ?? []) expect(currentDetails).toContain(`"decision": "${decision}"`);
    await handle.terminate();
  });
});
