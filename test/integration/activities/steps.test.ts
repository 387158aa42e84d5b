import { STEPS } from '../../../activities';
import { type Step, type StepDeps } from '../../../activities/step';
import { FORWARD } from '../../../domain/sides';
import { isCutoverFault, CutoverFault } from '../../../domain/faults';
import { CUTOVER_TAG } from '../../../domain/ports/database-provider';
import { type Databases } from '../../../domain/ports/databases';
import { type Steps } from '../../../domain/steps';
import { beginAttempt, fence } from '../../../hydra/arbiter';
import { noteBeginning } from '../../../hydra/closing';
import { useDatabase } from '../../support/database';
import { History } from '../hydra/sync/history';
import { SETTINGS, stepContext } from './green-fixture';
import { PATIENT, SwitchoverWorld } from './switchover-fixture';

type StepName = keyof Steps;

const SITUATIONS = [
  'holding',
  'fenced',
  'between, and blue is wrong',
  'between, and blue is restored',
  'serves, and blue is wrong',
  'serves, and blue is restored',
  'serves, and blue is away',
  'serves',
] as const;
type Situation = (typeof SITUATIONS)[number];

const NEVER: readonly Situation[] = [];
const WHILE_AN_ATTEMPT_LIVES: readonly Situation[] = ['holding', 'fenced'];
const ONCE_GREEN_SERVES = SITUATIONS.filter((situation) => situation.startsWith('serves'));

/**
 * Where a step may change anything that somebody relies on, besides its own turn in the runbook. Whoever adds a step says it here.
 */
const ACTS: { readonly [Name in StepName]: readonly Situation[] } = {
  preflight: NEVER,
  extendLifetimes: NEVER,
  restoreLifetimes: NEVER,
  enableCapture: NEVER,
  disableCapture: NEVER,
  takeSnapshot: NEVER,
  deleteSnapshot: NEVER,
  restoreGreen: NEVER,
  deleteGreen: NEVER,
  closeGreen: NEVER,
  keepRowHashes: NEVER,
  cleanGreen: NEVER,
  migrateGreen: NEVER,
  repairGreen: NEVER,
  guardGreen: NEVER,
  vacuumGreen: NEVER,
  startGreen: NEVER,
  stopGreen: NEVER,
  catchUp: NEVER,
  keepInSync: NEVER,
  verifyParity: NEVER,
  compareRowHashes: NEVER,
  compareAnswers: NEVER,
  tryWrites: NEVER,
  gatherEvidence: NEVER,
  pauseJobs: NEVER,
  resumeJobs: NEVER,
  sampleBlue: NEVER,
  // It claims what is alive: of two runs one ends.
  switchover: WHILE_AN_ATTEMPT_LIVES,
  abandonSwitchover: WHILE_AN_ATTEMPT_LIVES,
  proveDrain: NEVER,
  stopBlue: ONCE_GREEN_SERVES,
  validate: NEVER,
  bake: NEVER,
  previewJobs: NEVER,
  guardPurge: NEVER,
  readMetrics: NEVER,
  // Its turn: the last of all, because nothing is left then.
  finalize: ['serves'],
};

const database = useDatabase('hydra_1_11_10');
const withoutArbiter = useDatabase('hydra_1_11_10');
const history = new History(15);
const world = new SwitchoverWorld(database.config);
/** What is done to instances, snapshots and processes. */
let calls: string[] = [];

beforeAll(async () => {
  await world.start((blue) => history.go(blue, 3));
  // Makes what a switchover makes once.
  await bring('serves');
});
afterAll(() => world.close());

/** In need of a change, if anything asked for it. */
const SHAPE = {
  instanceClass: 'db.m6g.large',
  storageType: 'gp3',
  allocatedStorageGib: 20,
  securityGroups: [],
  deletionProtection: false,
};

async function bring(situation: Situation): Promise<void> {
  await world.reset();
  await begin(situation);
  if (situation.endsWith('restored')) await world.forgetOnBlue();
}

async function begin(situation: Situation): Promise<void> {
  if (situation.startsWith('serves')) {
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    return;
  }
  if (situation.startsWith('between')) {
    world.scenario.onAction = (step) => {
      if (step === 'commit') throw new Error('crash');
    };
    await expect(world.run()).rejects.toThrow('crash');
    world.scenario = {};
    return;
  }
  await noteBeginning({ direction: FORWARD, from: world.blue, to: world.green }, world.sync.cutoverId, 1);
  const begun = await beginAttempt(world.blue, { epoch: 1, holdDeadlineMs: 600_000, marginMs: 0 });
  for (const party of [...world.gateways, ...world.targets]) await party.stage(1, 'green');
  for (const gateway of world.gateways) await gateway.hold(1);
  if (situation === 'fenced' && begun.ok)
    expect(await fence(world.blue, begun.attempt, 2_000)).toMatchObject({ ok: true });
}

const LOOK = `SELECT
  (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.oid) FROM pg_trigger t WHERE NOT tgisinternal) AS triggers,
  (SELECT to_jsonb(r) FROM hydra_cutover.run r) AS run,
  (SELECT jsonb_agg(to_jsonb(a) ORDER BY attempt) FROM hydra_cutover.attempt a) AS attempts,
  (SELECT datacl::text FROM pg_database WHERE datname = current_database()) AS rights,
  (SELECT jsonb_agg(rolname) FROM pg_roles WHERE rolname = $1) AS roles`;

async function look(): Promise<unknown> {
  const ours = [world.sync.syncRole];
  const sides = [(await world.blue.query(LOOK, ours)).rows, (await world.green.query(LOOK, ours)).rows];
  const parties = [...world.gateways, ...world.targets].map(({ record }) => record);
  return structuredClone({ sides, parties, held: world.gateways.map(({ heldEpoch }) => heldEpoch), calls });
}

function databasesIn(situation: Situation): Databases {
  const databases = world.databases();
  const wrong = new SwitchoverWorld(withoutArbiter.config).databases();
  return {
    address: (side) =>
      Promise.resolve({ host: `${side}.test`, port: 5432, database: 'x', user: 'x', sslMode: 'disable' }),
    withSession: (side, work, options) => {
      if (side === 'green') return databases.withSession(side, work, options);
      if (situation.endsWith('wrong')) return wrong.withSession(side, work, options);
      if (situation.endsWith('away')) return Promise.reject(new CutoverFault('DB_UNREACHABLE', 'away'));
      return databases.withSession(side, work, options);
    },
  };
}

function depsIn(situation: Situation): StepDeps {
  const refuse = (name: string) => () =>
    Promise.reject(new CutoverFault('HYDRA_UNEXPECTED', `${name} is not asked here`));
  const instance = (instanceId: string) => ({
    ...{ instanceId, status: 'available', hasPendingChanges: true, parameterStatus: 'pending-reboot' },
    engineVersion: '15.1',
    settings: SHAPE,
    tags: { [CUTOVER_TAG]: world.sync.cutoverId },
  });
  const note = (name: string) => () => {
    calls.push(name);
    return Promise.resolve();
  };
  const provider = {
    describeInstance: (id: string) => Promise.resolve(instance(id)),
    describeSnapshot: (snapshotId: string) =>
      Promise.resolve({ snapshotId, tags: { [CUTOVER_TAG]: world.sync.cutoverId } }),
    createOrAdoptSnapshot: () => Promise.resolve({}),
    restoreOrAdopt: () => Promise.resolve(instance('green')),
    waitUntilInstanceAvailable: (id: string) => Promise.resolve(instance(id)),
    waitUntilSnapshotAvailable: () => Promise.resolve({}),
    tagInstance: () => Promise.resolve(),
    ...Object.fromEntries(
      ['applySettings', 'rebootInstance', 'modifyMasterPassword', 'deleteInstance', 'deleteSnapshot'].map((name) => [
        name,
        note(name),
      ]),
    ),
  };
  const commands = {
    has: () => true,
    run: (name: string) => note(name)().then(() => ({ exitCode: 0, durationMs: 1, stdout: '', lastLines: [] })),
  };
  const hydra = new Proxy(
    {},
    {
      get: (_target, name) => {
        // What counts calls is not there.
        if (name === 'probes' || name === 'answered') return undefined;
        return name === 'isReady' ? () => Promise.resolve(false) : refuse(String(name));
      },
    },
  );
  const settings = {
    ...SETTINGS,
    // The gateways of this test do not say what is under way.
    switchover: { ...PATIENT, readsDeadlineMs: 20 },
    green: { ...SETTINGS.green, syncRole: world.sync.syncRole, readyDeadlineMs: 20 },
  };
  return world.deps({
    settings,
    databases: databasesIn(situation),
    provider,
    commands,
    hydra,
  } as unknown as Partial<StepDeps>);
}

/** How it ended; an error that is no fault is told, because a step that breaks on the test's fakes proves nothing. */
async function run(name: StepName, situation: Situation): Promise<string> {
  const input = { ...world.input, forMs: 20, sync: { forMs: 20 } };
  try {
    await (STEPS[name] as Step<object, unknown>)(depsIn(situation), input, stepContext());
    return 'ended';
  } catch (error) {
    return isCutoverFault(error) ? error.code : `broke: ${String(error)}`;
  }
}

describe.each(SITUATIONS)('a step that comes while the switchover: %s', (situation) => {
  it('takes nothing away from anybody, unless that is what it is for', async () => {
    const wrong: unknown[] = [];
    let isFresh = false;
    for (const name of Object.keys(ACTS) as StepName[]) {
      if (!isFresh) await bring(situation);
      calls = [];
      const before = await look();
      const end = await run(name, situation);
      const after = name === 'finalize' && end === 'ended' ? 'finalized' : await look();
      isFresh = JSON.stringify(after) === JSON.stringify(before);
      if (isFresh === ACTS[name].includes(situation) || end.includes('TypeError')) wrong.push({ name, end, calls });
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
