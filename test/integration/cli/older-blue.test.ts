import { RestoreDBInstanceFromDBSnapshotCommand } from '@aws-sdk/client-rds';
import { STEPS } from '../../../activities';
import { FORWARD } from '../../../domain/sides';
import { describeArbiter } from '../../../hydra/arbiter';
import { committed } from '../../support/attempts';
import { noteBeginning } from '../../../hydra/closing';
import { startTestGateway, TEST_TOKEN } from '../../unit/gateway/support/test-gateway';
import { GreenFixture, stepContext } from '../activities/green-fixture';
import { FixtureCli } from './fixture-cli';

const EPOCH = 5;

let fixture: GreenFixture;
let gateway: Awaited<ReturnType<typeof startTestGateway>>;
let home: FixtureCli;

/** Committed on blue, green not open yet; `bluecopy` is what the cutover's own snapshot makes of blue. */
beforeAll(async () => {
  fixture = await GreenFixture.start();
  gateway = await startTestGateway();
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
    await committed(blue, EPOCH);
  });
  const copy = {
    DBInstanceIdentifier: 'bluecopy',
    DBSnapshotIdentifier: `hydra-cutover-${input.cutoverId}`,
  };
  await fixture.rds.client.send(new RestoreDBInstanceFromDBSnapshotCommand(copy));
  await fixture.rds.instance('bluecopy', 'available');
  home = new FixtureCli(fixture, {
    checks: { timeoutMs: 8_000 },
    gateways: [{ name: 'edge-1', controlUrl: gateway.controlUrl, token: '${env:CONTROL}' }],
  });
});

afterAll(async () => {
  home.close();
  await gateway.close();
  await fixture.dispose();
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
  const set = changes.flatMap((change) => ['--set', change]);
  return home.run(['repair', '--cutover-id', fixture.input.cutoverId, '--by', 'bob', ...set], { CONTROL: TEST_TOKEN });
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
