import { STEPS } from '../../../activities';
import { type StepDeps } from '../../../activities/step';
import { describeArbiter, guardTables } from '../../../hydra/arbiter';
import { committed } from '../../support/attempts';
import { serveHttp, type TestServer } from '../../support/http-server';
import { raiseLifetimes } from '../../../hydra/capture';
import { GreenFixture, stepContext } from '../activities/green-fixture';
import { FixtureCli } from './fixture-cli';

/** The config of the upgrade after this one. */
const NEXT = ['--set', 'blue.rdsInstanceId=green', '--set', 'green.rdsInstanceId=green2'] as const;

let fixture: GreenFixture;
let deps: StepDeps;
let home: FixtureCli;
/** The system of job `purge`: as long as it is gone, the address answers for something else. */
let system: TestServer;
let isGone = true;

beforeAll(async () => {
  fixture = await GreenFixture.start();
  system = await serveHttp((_request, response) => {
    response.writeHead(isGone ? 404 : 200).end(JSON.stringify({ paused: false, running: false }));
  });
  deps = fixture.deps();
  home = new FixtureCli(fixture, {
    checks: { timeoutMs: 1_000 },
    jobs: [
      {
        name: 'purge',
        controlUrl: system.url,
        token: '${env:MASTER}',
      },
    ],
  });
});

afterAll(async () => {
  home.close();
  await system.close();
  await fixture.dispose();
});

const cli = (...args: readonly string[]) => home.run(args);

const repair = (...more: readonly string[]) =>
  cli('repair', '--cutover-id', fixture.input.cutoverId, '--by', 'bob', ...more);

it('takes back all but a step that fails for good, once a person says so, and tells what stays', async () => {
  isGone = true;
  await STEPS.enableCapture(deps, { ...fixture.input, startedBy: 'alice' }, stepContext());
  expect(await repair()).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(
      /error TARGET_REFUSED: .*Step resumeJobs failed: .*`--skip resumeJobs` goes on without it: jobs may still be paused/,
    ) as string,
  });
  expect(await repair('--skip', 'abandonSwitchover')).toMatchObject({ code: 2 });
  expect((await fixture.on('blue', describeArbiter))?.state).toBe('open');
  const { code, stdout } = await repair('--skip', 'resumeJobs', '--json');
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
    code: 5,
    ok: false,
    outcome: 'undone',
    steps: expect.not.arrayContaining(['resumeJobs']) as string[],
    skipped: [{ step: 'resumeJobs', code: 'TARGET_REFUSED' }],
  });
  expect(await fixture.on('blue', describeArbiter)).toBeUndefined();
});

it("a cutover that was lost in its bake is brought to its end on a person's word, and green can be upgraded again", async () => {
  isGone = true;
  await fixture.on('blue', (blue) => raiseLifetimes(blue, 7_200_000, { schema: 'public', side: 'blue' }));
  for (const step of ['enableCapture', 'takeSnapshot', 'restoreGreen', 'closeGreen'] as const) {
    await STEPS[step](deps, { ...fixture.input, startedBy: 'alice' }, stepContext());
  }
  // Before the commit nobody's word ends it, and it is not taken back either.
  for (const word of ['--finalize', '--open-unproven']) {
    expect(await repair(word)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /error CHECK_FAILED: .*does not say that the writes left it .*nothing was changed/,
      ) as string,
    });
  }
  expect((await fixture.on('blue', describeArbiter))?.state).toBe('open');
  await fixture.on('blue', async (blue) => {
    await committed(blue, 5);
    await blue.query(`UPDATE hydra_cutover.attempt SET hold_started_at = hold_started_at - interval '1 hour'`);
  });
  // The pause budget is over long since. Refused, and so to be compared altogether before green opens: which this green, never migrated, cannot be.
  await fixture.on('blue', (blue) =>
    expect(blue.query('DELETE FROM hydra_client')).rejects.toMatchObject({ code: 'HC001' }),
  );
  await fixture.on('green', (green) => guardTables(green));
  expect(await repair()).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(
      /FENCE_UNPROVEN: .*it was not compared to the end.*`repair --open-unproven`/,
    ) as string,
  });
  expect(await fixture.on('green', describeArbiter)).toMatchObject({ state: 'closed' });

  // What was to be carried altogether stays undone in blue's log, so that a person's word is needed for that, too.
  expect(await repair('--open-unproven')).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(
      /error SYNC_FAILED: .*changes on blue were never carried .*Step proveDrain failed: .*`--skip proveDrain` goes on without it/,
    ) as string,
  });
  expect(await fixture.on('green', describeArbiter)).toMatchObject({ state: 'open', epoch: 5 });
  expect(await repair('--skip', 'proveDrain')).toMatchObject({
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

  // Everything is carried, and somebody has touched blue since: the drain is not proven, and only a person can say that this is known.
  await fixture.on('blue', (blue) => blue.query('UPDATE hydra_cutover.change_log SET done_at = now()'));
  await fixture.on(
    'blue',
    (blue) =>
      blue.query(
        'ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_guard, ENABLE ALWAYS TRIGGER hydra_cutover_guard',
      ),
    {
      login: { user: 'hydra', password: fixture.hydra.password },
    },
  );
  expect(await repair('--finalize')).toMatchObject({
    code: 6,
    stderr: expect.stringMatching(
      /error CAPTURE_BROKEN: .*the guard of hydra_client was off, or was changed/,
    ) as string,
  });
  // An operator's own trigger.
  await fixture.on('green', (green) =>
    green.query(`CREATE FUNCTION public.frozen() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'frozen'; END$$;
      CREATE TRIGGER frozen BEFORE UPDATE ON hydra_client EXECUTE FUNCTION public.frozen()`),
  );
  // Each is tried first, and its word is needed only where it fails.
  const words: string[] = [];
  for (const [step, code] of [
    ['proveDrain', 6],
    ['resumeJobs', 6],
    // Clients are not written by the role that decides while code of others would run with its rights.
    ['restoreLifetimes', 3],
  ] as const) {
    const refused = await repair('--finalize', ...words);
    expect({ step, ...refused }).toMatchObject({
      code,
      stderr: expect.stringContaining(`Step ${step} failed: `) as string,
    });
    words.push('--skip', step);
  }
  expect(await fixture.on('green', describeArbiter)).toMatchObject({ state: 'open' });
  const raised = `SELECT to_regclass('hydra_cutover_lifetimes.original') IS NOT NULL AS kept`;
  for (const round of ['as it is', 'put right']) {
    if (round === 'put right') {
      isGone = false;
      await fixture.on('green', (green) => green.query('DROP FUNCTION public.frozen CASCADE'));
    }
    const { code, stdout } = await repair('--finalize', '--json', ...(round === 'as it is' ? words : []));
    const skipped = round === 'as it is' ? ['proveDrain', 'resumeJobs', 'restoreLifetimes'] : [];
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      ...{ code: 0, outcome: 'finalized', skipped: skipped.map((step) => ({ step })) },
    });
    expect(await fixture.on('green', describeArbiter)).toBeUndefined();
    expect((await fixture.on('green', (green) => green.query(raised))).rows).toEqual([{ kept: round === 'as it is' }]);
  }
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
