import { RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEPS } from '../../../activities';
import { FORWARD } from '../../../domain/sides';
import { beginAttempt, commitAttempt, describeArbiter, fence } from '../../../hydra/arbiter';
import { noteBeginning } from '../../../hydra/closing';
import { cliInProcess } from '../../support/cli-in-process';
import { startTestGateway, TEST_TOKEN } from '../../unit/gateway/support/test-gateway';
import { DATABASE, GreenFixture, stepContext } from '../activities/green-fixture';
import { MASTER_PASSWORD } from '../world/rds/endpoint-fixture';

const AWS = ['AWS_ENDPOINT_URL_RDS', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
const before = Object.fromEntries(AWS.map((name) => [name, process.env[name]]));
const EPOCH = 5;

let fixture: GreenFixture;
let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let folder = '';

/** Committed on blue, green not open yet; `bluecopy` is what the cutover's own snapshot makes of blue. */
beforeAll(async () => {
  fixture = await GreenFixture.start();
  gateway = await startTestGateway();
  folder = mkdtempSync(join(tmpdir(), 'older-blue-'));
  const values = [fixture.rds.endpoint, 'us-east-1', 'AKIDTEST', 'test-secret'];
  AWS.forEach((name, index) => (process.env[name] = values[index]));
  const { input } = fixture;
  const deps = fixture.deps();
  await STEPS.enableCapture(deps, { ...input, startedBy: 'alice' }, stepContext());
  for (const step of ['takeSnapshot', 'restoreGreen', 'closeGreen'] as const) {
    await STEPS[step](deps, input, stepContext());
  }
  await fixture.on('blue', (blue) =>
    fixture.on('green', (green) =>
      noteBeginning({ direction: FORWARD, from: blue, to: green }, input.cutoverId, EPOCH),
    ),
  );
  await gateway.stage(EPOCH, 'green');
  await gateway.hold(EPOCH);
  await fixture.on('blue', async (blue) => {
    const begun = await beginAttempt(blue, { epoch: EPOCH, holdDeadlineMs: 600_000, marginMs: 0 });
    if (!begun.ok) throw new Error(begun.reason);
    await fence(blue, begun.attempt, 2_000);
    await blue.query('UPDATE hydra_cutover.change_log SET done_at = now()');
    expect(await commitAttempt(blue, begun.attempt, 2_000)).toMatchObject({ ok: true });
  });
  const copy = {
    DBInstanceIdentifier: 'bluecopy',
    DBSnapshotIdentifier: `hydra-cutover-${input.cutoverId}`,
  };
  await fixture.rds.client.send(new RestoreDBInstanceFromDBSnapshotCommand(copy));
  await fixture.rds.instance('bluecopy', 'available');
  const side = (name: string, version: string) => ({
    hydraVersion: version,
    publicUrl: `http://127.0.0.1:${name === 'blue' ? 1 : 2}`,
    adminUrl: `http://127.0.0.1:${name === 'blue' ? 3 : 4}`,
    rdsInstanceId: name,
    database: { name: DATABASE, user: 'master', password: '${env:MASTER}', ssl: { mode: 'disable' } },
  });
  const config = {
    environment: { name: 'lost' },
    temporal: { address: '127.0.0.1:1' },
    checks: { timeoutMs: 8_000 },
    rds: { pollMs: 50, waitDeadlineMs: 120_000 },
    blue: side('blue', '1.11.10'),
    green: side('green', '2.3.0'),
    gateways: [{ name: 'edge-1', controlUrl: gateway.controlUrl, token: '${env:CONTROL}' }],
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
});

afterAll(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  await gateway.close();
  await fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Green closed, it and the snapshot are there, and requests are held: nobody believed the copy. */
async function expectUntouched(): Promise<void> {
  const { cutoverId } = fixture.input;
  expect((await fixture.provider.describeInstance('green'))?.status).toBe('available');
  expect((await fixture.provider.describeSnapshot(`hydra-cutover-${cutoverId}`))?.status).toBe('available');
  expect(await gateway.state()).toMatchObject({ mode: 'hold' });
  expect(await fixture.on('green', describeArbiter)).toMatchObject({ state: 'closed', cutoverId });
  const copy = fixture.databasesAt('bluecopy', 'green');
  expect(await copy.withSession('blue', describeArbiter)).toMatchObject({ state: 'open', attempts: [] });
}

it.each(['abandonSwitchover', 'stopGreen', 'deleteGreen', 'deleteSnapshot', 'disableCapture'] as const)(
  '%s does not believe a blue that was restored from a snapshot of before the commit',
  async (step) => {
    const deps = fixture.deps({ databases: fixture.databasesAt('bluecopy', 'green') });
    await expect(STEPS[step](deps, fixture.input, stepContext())).rejects.toMatchObject({
      code: 'CROSSED_CONNECTION',
      message: expect.stringContaining('is an older copy of blue') as string,
    });
    await expectUntouched();
  },
);

/** The command, with other sides than the config's. */
function repair(...changes: readonly string[]) {
  const env = {
    HYDRA_CUTOVER_CONFIG: join(folder, 'config.json'),
    ...{ MASTER: MASTER_PASSWORD, CONTROL: TEST_TOKEN, HYDRA_CUTOVER_LOG__LEVEL: 'error' },
  };
  const set = changes.flatMap((change) => ['--set', change]);
  const args = ['--cutover-id', fixture.input.cutoverId, '--by', 'bob', ...set];
  return cliInProcess(['repair', ...args], { env, cwd: folder });
}

it('repair takes blue of this very cutover for no green that is not known', async () => {
  expect(
    await repair('blue.rdsInstanceId=bluecopy', 'blue.database.name=postgres', 'green.rdsInstanceId=blue'),
  ).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining(
      'error CROSSED_CONNECTION: the database reached as green is the blue side',
    ) as string,
  });
  await expectUntouched();
});

it('repair does not believe it either, and lets no held request go', async () => {
  expect(await repair('blue.rdsInstanceId=bluecopy')).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringMatching(/error CROSSED_CONNECTION: .* is an older copy of blue/) as string,
  });
  await expectUntouched();
});
