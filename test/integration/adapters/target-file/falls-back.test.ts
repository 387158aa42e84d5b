import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client } from 'pg';
import { finalize } from '../../../../activities/finalize';
import { guardPurge } from '../../../../activities/guard-purge';
import { type StepContext, type StepDeps } from '../../../../activities/step';
import { ProcessCommandRunner } from '../../../../adapters/command/process-command-runner';
import { type ReloadCommand } from '../../../../adapters/target-file/file-store';
import { FileTarget } from '../../../../adapters/target-file/file-target';
import { type DatabaseSession } from '../../../../domain/ports/databases';
import { commitAttempt, guardTables, installArbiter, openSide } from '../../../../hydra/arbiter';
import { fenced } from '../../../support/attempts';
import { describeArbiter } from '../../../../hydra/arbiter/describe-arbiter';
import { OUR_ROLES } from '../../../../domain/our-roles';
import { type Job } from '../../../../domain/ports/targets';
import { useDatabase } from '../../../support/database';
import { FORWARD } from '../../../../domain/sides';

const INPUT = { cutoverId: 'falls-back', environment: 'test' };
const EPOCH = 1;
const LOCK_TIMEOUT_MS = 2_000;

const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };
const folder = mkdtempSync(join(tmpdir(), 'falls-back-'));
const file = join(folder, 'app.conf');
const clients = new Map<string, Client>();

const context: StepContext = {
  signal: new AbortController().signal,
  attempt: 1,
  heartbeat: () => undefined,
  lastProgress: undefined,
};

function on(side: 'blue' | 'green'): Client {
  const client = clients.get(side);
  if (client === undefined) throw new Error(`no connection to ${side}`);
  return client;
}

function deps(target: FileTarget, jobs: readonly Job[] = []): StepDeps {
  const withSession = (side: 'blue' | 'green', work: (session: DatabaseSession) => unknown) =>
    work(on(side) as unknown as DatabaseSession);
  const green = { syncRole: OUR_ROLES.sync };
  const settings = { hydraSchema: 'public', provider: { keepSnapshot: true }, green };
  const provider = {
    describeInstance: () => Promise.resolve({ settings: { deletionProtection: true } }),
    describeSnapshot: () => Promise.resolve(undefined),
  };
  const rest = { direction: FORWARD, provider, databases: { withSession }, settings };
  return { gateways: [], targets: [target], jobs, ...rest } as unknown as StepDeps;
}

describe('a file that goes back to its old content after the commit', () => {
  beforeAll(async () => {
    for (const side of ['blue', 'green'] as const) clients.set(side, await databases[side].connect());
    const { cutoverId } = INPUT;
    await installArbiter(on('blue'), { side: 'blue', cutoverId, initialState: 'open' });
    await guardTables(on('blue'));
    await installArbiter(on('green'), { side: 'green', cutoverId, initialState: 'closed' });
    await guardTables(on('green'));
    await commitAttempt(on('blue'), await fenced(on('blue'), EPOCH), LOCK_TIMEOUT_MS);
    await openSide(on('green'), EPOCH, LOCK_TIMEOUT_MS);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('keeps jobs and clean-up waiting with TARGET_FELL_BACK until it serves green again', async () => {
    writeFileSync(file, 'blue');
    writeFileSync(join(folder, '.app.conf.cutover.place'), 'place-of-app');
    const commands = new ProcessCommandRunner<ReloadCommand>({ commands: {} });
    const target = new FileTarget({
      name: 'app',
      file,
      place: 'place-of-app',
      states: { blue: 'blue', green: 'green' },
      commands,
    });
    await target.stage(EPOCH, 'green');
    await target.apply(EPOCH);
    let asked = 0;
    const preview = () => {
      asked += 1;
      return Promise.resolve({ wouldRemove: 0, removals: [] });
    };
    const job = { name: 'purge', preview } as unknown as Job;
    const fellBack = {
      code: 'TARGET_FELL_BACK',
      message: expect.stringMatching(/^app serves blue under epoch 0, not green under 1; /) as string,
    };

    writeFileSync(file, 'blue');
    await expect(guardPurge(deps(target, [job]), INPUT, context)).rejects.toMatchObject(fellBack);
    expect(asked).toBe(0);
    await expect(finalize(deps(target), INPUT, context)).rejects.toMatchObject(fellBack);
    expect(await describeArbiter(on('green'))).toMatchObject({ state: 'open', epoch: EPOCH });

    await target.apply(EPOCH);
    expect((await guardPurge(deps(target, [job]), INPUT, context)).ok).toBe(true);
    await finalize(deps(target), INPUT, context);
    expect(await describeArbiter(on('green'))).toBeUndefined();
  });
});
