import { type InPlacePlan, type ShareReceipt } from '../../../domain/in-place/receipts';
import { type InPlaceSteps } from '../../../domain/in-place/steps';
import { type StepInput } from '../../../domain/steps';
import { FAKE_ASIDES, PLAN } from './fake-steps';

export const IN_PLACE_PLAN: InPlacePlan = {
  environment: 'test',
  configDigest: 'digest',
  from: '1.3.2',
  to: '1.11.10',
  database: {
    schema: 'public',
    owner: 'hydra',
    oldRole: 'hydra',
    newRole: 'hydra_next',
    bytes: 1_000_000,
    rows: { hydra_client: 3 },
  },
  online: {
    from: '1.3.2',
    to: '1.11.10',
    acts: [{ migration: '20200101000000', says: 'index a', kind: 'dropIndex', index: 'a' }],
    bookkeeping: { make: [], versions: ['20200101000000'] },
    changedTables: ['hydra_client'],
  },
  catalogDigest: 'catalog',
  actsDone: 0,
  gateways: ['gateway-1'],
  shares: [1, 100],
  warnings: ['a warning'],
  steps: [{ phase: 'layer', what: 'views', undo: 'removed' }],
  gates: PLAN.gates,
};

const NO_LOAD = { cpuMsPerRequest: null, residentBytes: null, p95Ms: null };

export function share(change: Partial<ShareReceipt> = {}): ShareReceipt {
  return {
    share: 1,
    verdict: 'clean',
    durationMs: 1,
    requests: 10,
    serverErrors: 0,
    problems: [],
    load: { old: NO_LOAD, new: { cpuMsPerRequest: 1.5, residentBytes: 1_048_576, p95Ms: 12 } },
    ...change,
  };
}

export type InPlaceStepName = keyof InPlaceSteps;
type FakeStep = (input: StepInput & { readonly share?: number }) => Promise<unknown>;

export const IN_PLACE_ANSWERS: Record<InPlaceStepName, FakeStep> = {
  planInPlace: async ({ environment }) => ({ ...IN_PLACE_PLAN, environment }),
  layLayer: async () => ({ views: ['hydra_client'], sessions: 2 }),
  takeLayerBack: async () => ({ stays: false }),
  migrateOnline: async () => ({ acts: 1, durationMs: 5 }),
  bookMigrations: async () => ({ versions: 97, pending: 0, oldTables: 4 }),
  startBeside: async () => ({ version: '1.11.10', proven: ['tokens'] }),
  stopBeside: async () => undefined,
  shiftTraffic: async () => ({ gateways: 1 }),
  judgeShare: async ({ share: percent = 0 }) => share({ share: percent }),
  stopOld: async () => undefined,
  startOld: async () => undefined,
  removeLayer: async () => ({ rowsBroughtUp: 2 }),
  encryptAtRest: async () => undefined,
};

/** Every step as an activity that notes its call (a shift with its share) and answers as if all were well. */
export function fakeInPlaceSteps(overrides: Partial<Record<InPlaceStepName, FakeStep>> = {}) {
  const calls: string[] = [];
  const activities = Object.fromEntries(
    Object.entries({ ...IN_PLACE_ANSWERS, ...overrides }).map(([name, step]) => [
      name,
      (input: StepInput & { readonly share?: number }) => {
        calls.push(input.share === undefined ? name : `${name} ${input.share}`);
        return step(input);
      },
    ]),
  );
  return { calls, activities: { ...activities, ...FAKE_ASIDES } };
}
