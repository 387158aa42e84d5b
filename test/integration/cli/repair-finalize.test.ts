import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEPS } from '../../../activities';
import { type StepDeps } from '../../../activities/step';
import { beginAttempt, commitAttempt, describeArbiter, fence } from '../../../hydra/arbiter';
import { type CliEnd, cliInProcess } from '../../support/cli-in-process';
import { DATABASE, GreenFixture, stepContext } from '../activities/green-fixture';
import { MASTER_PASSWORD } from '../world/rds/endpoint-fixture';

const AWS = ['AWS_ENDPOINT_URL_RDS', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
const before = Object.fromEntries(AWS.map((name) => [name, process.env[name]]));
/** The config of the upgrade after this one. */
const NEXT = ['--set', 'blue.rdsInstanceId=green', '--set', 'green.rdsInstanceId=green2'] as const;

let fixture: GreenFixture;
let deps: StepDeps;
let folder = '';

beforeAll(async () => {
  fixture = await GreenFixture.start();
  deps = fixture.deps();
  folder = mkdtempSync(join(tmpdir(), 'repair-finalize-'));
  const values = [fixture.rds.endpoint, 'us-east-1', 'AKIDTEST', 'test-secret'];
  AWS.forEach((name, index) => (process.env[name] = values[index]));
  const side = (name: string, version: string) => ({
    hydraVersion: version,
    publicUrl: `http://${name}.test:4444`,
    adminUrl: `http://${name}.test:4445`,
    rdsInstanceId: name,
    database: { name: DATABASE, user: 'master', password: '${env:MASTER}', ssl: { mode: 'disable' } },
  });
  const config = {
    environment: { name: 'lost' },
    // Nobody answers there.
    temporal: { address: '127.0.0.1:1' },
    checks: { timeoutMs: 1_000 },
    rds: { pollMs: 50, waitDeadlineMs: 120_000 },
    blue: side('blue', '1.11.10'),
    green: side('green', '2.3.0'),
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
});

afterAll(async () => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  await fixture.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function cli(...args: readonly string[]): Promise<CliEnd> {
  const config = { HYDRA_CUTOVER_CONFIG: join(folder, 'config.json'), HYDRA_CUTOVER_LOG__LEVEL: 'error' };
  return cliInProcess(args, { env: { ...config, MASTER: MASTER_PASSWORD }, cwd: folder });
}

const repair = (...more: readonly string[]) =>
  cli('repair', '--cutover-id', fixture.input.cutoverId, '--by', 'bob', ...more);

it("a cutover that was lost in its bake is brought to its end on a person's word, and green can be upgraded again", async () => {
  for (const step of ['enableCapture', 'takeSnapshot', 'restoreGreen', 'closeGreen'] as const) {
    await STEPS[step](deps, { ...fixture.input, startedBy: 'alice' }, stepContext());
  }
  // Before the commit nobody's word ends it, and it is not taken back either.
  expect(await repair('--finalize')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(
      /error CHECK_FAILED: .*does not say that the writes left it .*nothing was changed/,
    ) as string,
  });
  expect((await fixture.on('blue', describeArbiter))?.state).toBe('open');
  await fixture.on('blue', async (blue) => {
    const begun = await beginAttempt(blue, { epoch: 5, holdDeadlineMs: 60_000, marginMs: 0 });
    if (!begun.ok) throw new Error(begun.reason);
    await fence(blue, begun.attempt, 2_000);
    await blue.query('UPDATE hydra_cutover.change_log SET done_at = now()');
    expect(await commitAttempt(blue, begun.attempt, 2_000)).toMatchObject({ ok: true });
  });
  await fixture.on('green', (green) => green.query(`UPDATE hydra_cutover.run SET state = 'open', epoch = 5`));

  const finished = await repair();
  expect(finished).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('the same command with --finalize') as string,
  });
  expect((await cli('plan', ...NEXT)).stderr).toMatch(
    /side green, open, .*bring that cutover to its end first: .*`hydra-cutover repair --cutover-id \w+ --by NAME --finalize`/,
  );
  expect((await cli('status', '--from-databases', ...NEXT)).stdout).toMatch(
    /who may write: the database reached as blue, since epoch 5[^]*repair --cutover-id \w+ --by NAME --finalize/,
  );

  const purge = () => cli('purge', '--cutover-id', fixture.input.cutoverId, '--by', 'bob', '--json');
  expect(await purge()).toMatchObject({ code: 3, stderr: expect.stringContaining('is not finalized') as string });

  for (let time = 0; time < 2; time += 1) {
    const { code, stdout } = await repair('--finalize', '--json');
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, outcome: 'finalized' });
  }
  expect(await fixture.on('green', describeArbiter)).toBeUndefined();
  expect((await cli('status', '--from-databases')).stdout).toMatch(/by the databases: over: .* green is finalized/);
  expect((await cli('plan', ...NEXT)).stderr).not.toContain('schema hydra_cutover on blue');

  expect(await cli('restore', '--rule', 'F01', '--dry-run', '--by', 'bob')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('green has no archive of any cutover') as string,
  });
  const snapshot = { where: `snapshot hydra-cutover-${fixture.input.cutoverId}` };
  for (const removed of [[snapshot], []]) {
    const { code, stdout } = await purge();
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, ok: true, removed });
  }
  expect((await fixture.on('blue', describeArbiter))?.state).toBe('committed');
});
