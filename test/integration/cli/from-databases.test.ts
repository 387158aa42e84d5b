import { Client, Connection } from '@temporalio/client';
import { STEPS } from '../../../activities';
import { traceSteps } from '../../../activities/trace-steps';
import { type StepDeps } from '../../../activities/step';
import { Stages } from '../../support/stages';
import { startTemporalDevServer, type TemporalDevServer } from '../../support/temporal-dev-server';
import { isCutoverFault } from '../../../domain/faults';
import { cutoverWorkflowId, UPGRADE_WORKFLOW } from '../../../domain/runbook';
import { describeArbiter, letLook } from '../../../hydra/arbiter';
import { committed, fenced } from '../../support/attempts';
import { removeCapture } from '../../../hydra/capture';
import { installPreparation } from '../../../hydra/closing';
import { GreenFixture, SETTINGS, stepContext } from '../activities/green-fixture';
import { MASTER_PASSWORD } from '../world/rds/endpoint-fixture';
import { FixtureCli } from './fixture-cli';

const steps = traceSteps(STEPS);

let fixture: GreenFixture;
let home: FixtureCli;
let deps: StepDeps;
let mine: { readonly cutoverId: string; readonly environment: string; readonly startedBy: string };

beforeAll(async () => {
  fixture = await GreenFixture.start();
  deps = fixture.deps({ settings: { ...SETTINGS, temporal: 'Temporal at gone.test:7233, namespace default' } });
  mine = { ...fixture.input, environment: 'lost', startedBy: 'alice' };
  // For Temporal, which nobody will answer for, and then again for the databases.
  home = new FixtureCli(fixture, { checks: { timeoutMs: 8_000 } });
});

afterAll(async () => {
  home.close();
  await fixture.dispose();
});

/** What the databases alone tell, however busy the machine is. */
const FROM_DATABASES = ['--from-databases', '--set', 'checks.timeoutMs=60000'] as const;

const cli = (...args: readonly string[]) => home.run(args);

async function restored(): Promise<void> {
  for (const step of ['enableCapture', 'takeSnapshot', 'restoreGreen'] as const) {
    await steps[step](deps, mine, stepContext());
  }
}

/** How far a cutover came before its Temporal was lost; each step finds what is there when it comes again. */
const cutover = new Stages({
  restored,
  // Once more from the start, where it was taken back meanwhile.
  committed: async () => {
    await restored();
    await fixture.on('blue', (blue) => committed(blue, 5));
  },
  served: () =>
    fixture.on('green', async (green) => {
      await removeCapture(green);
      await installPreparation(green);
      await green.query(`UPDATE hydra_cutover.run SET side = 'green', state = 'open', epoch = 5`);
    }),
});

describe('two cutovers of one database', () => {
  it('that are begun at the same moment from two workers: one wins, the other is told by whom', async () => {
    const others = { cutoverId: 'another', environment: 'lost', startedBy: 'bob' };
    // Each worker has connections of its own.
    const theirs = { ...deps, databases: fixture.databasesAt('blue', 'green') };
    const [first, second] = await Promise.allSettled([
      steps.enableCapture(deps, mine, stepContext()),
      steps.enableCapture(theirs, others, stepContext()),
    ]);
    const refused = [first, second].flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toHaveLength(1);
    const [fault] = refused.filter(isCutoverFault);
    const [winner, loser] = first.status === 'fulfilled' ? [mine, others] : [others, mine];
    expect(fault).toMatchObject({
      code: 'CUTOVER_RUNNING',
      details: { cutoverId: winner.cutoverId, startedBy: winner.startedBy, workflowId: 'cutover/lost' },
    });
    // What the loser undoes is not the winner's.
    await STEPS.abandonSwitchover(deps, loser, stepContext());
    await STEPS.disableCapture(deps, loser, stepContext());
    await STEPS.restoreLifetimes(deps, loser, stepContext());
    await steps.enableCapture(deps, winner, stepContext());
    mine = winner;
  });

  it('say who, since when, from where and how far, and how to get out', async () => {
    await cutover.reach('restored');
    const late = { cutoverId: 'late', environment: 'lost', startedBy: 'carol' };
    const refusal = await steps.enableCapture(deps, late, stepContext()).catch((error: unknown) => error as Error);
    expect((refusal as Error).message).toMatch(
      new RegExp(
        `^cutover ${mine.cutoverId} holds this database as its blue side since 20.*, started by ${mine.startedBy} as workflow ` +
          'cutover/lost of Temporal at gone.test:7233, namespace default; last step restoreGreen, begun 20.*; state open.*' +
          'nothing was changed.*hydra-cutover cancel.*--from-databases',
      ),
    );
    const planned = await cli('plan');
    expect(planned.stderr).toMatch(new RegExp(`belongs to cutover ${mine.cutoverId} .*started by ${mine.startedBy}`));
  });
});

describe('a cutover whose Temporal is gone', () => {
  /** Another one, which knows no more of a run of this name than that somebody terminated it. */
  let elsewhere: TemporalDevServer;
  const there = () => ['--set', `temporal.address=${elsewhere.address}`];
  const report = () => cli('report', ...there());

  beforeAll(async () => {
    elsewhere = await startTemporalDevServer();
    const connection = await Connection.connect({ address: elsewhere.address });
    const options = { workflowId: cutoverWorkflowId('lost'), taskQueue: 'nobody-is-here' };
    const run = await new Client({ connection }).workflow.start(UPGRADE_WORKFLOW, options);
    await run.terminate('a test');
    await connection.close();
  });
  afterAll(() => elsewhere.stop());

  it('is told by the databases: how far, who may write, what is there, what to do', async () => {
    await cutover.reach('restored');
    const id = '00000000-0000-4000-8000-000000000001';
    const membership = (call: string) =>
      fixture.on('blue', (blue) => blue.query(`SELECT hydra_cutover.${call}`, [id]).then(() => undefined));
    await membership(`beat_member($1, 'edge-9', 15000, 0, 0)`);
    const { code, stdout } = await cli('status', ...FROM_DATABASES);
    expect(code).toBe(0);
    // The lease ends while this machine is busy, perhaps.
    expect(stdout).toMatch(/gateway edge-9: NOT listed, member, (beats|silent), lease .*; (list it|bring it back)/);
    await membership('leave_member($1)');
    expect(stdout).toContain(
      `by the databases: before the switchover, last step restoreGreen (cutover ${mine.cutoverId})`,
    );
    expect(stdout).toContain('who may write: blue: nothing is refused there');
    expect(stdout).toContain('RDS: instance green is available, of this cutover');
    expect(stdout).toContain(`RDS: snapshot hydra-cutover-${mine.cutoverId} is available, of this cutover`);
    expect(stdout).toContain(`hydra-cutover repair --cutover-id ${mine.cutoverId}`);
    expect(stdout).not.toContain(MASTER_PASSWORD);
  });

  it('is told to a role that only looks, without a password that decides; where that one is told nothing, to our own', async () => {
    await cutover.reach('restored');
    await fixture.on('blue', async (blue) => void (await blue.query(`CREATE ROLE only_looks LOGIN PASSWORD 'l'`)));
    const as = ['user=only_looks', 'password=${env:LOOK}'].flatMap((one) => ['--set', `blue.database.look.${one}`]);
    const status = async (master: string) =>
      (await home.run(['status', ...FROM_DATABASES, ...as], { LOOK: 'l', MASTER: master })).stdout;
    const told = `by the databases: before the switchover, last step restoreGreen (cutover ${mine.cutoverId})`;
    expect(await status(MASTER_PASSWORD)).toContain(told);
    expect(await status('wrong')).toContain("by the databases: unknown: blue's database does not tell");
    await fixture.on('blue', (blue) => letLook(blue, 'only_looks'));
    expect(await status('wrong')).toContain(told);
  });

  it('is told so without being asked, with the exit code of what is wrong', async () => {
    await cutover.reach('restored');
    const { code, stdout } = await cli('status');
    expect({ code, stdout }).toMatchObject({
      code: 6,
      stdout: expect.stringMatching(/^no Temporal server answers/) as string,
    });
    expect(stdout).toContain('by the databases: before the switchover');
    const told = JSON.parse((await cli('status', '--json')).stdout) as object;
    expect(told).toMatchObject({
      ok: false,
      fault: { code: 'TEMPORAL_UNREACHABLE' },
      databases: { cutoverId: mine.cutoverId, isKnown: true },
    });
  });

  it('is told and repaired by the databases as well where Temporal answers and has lost its namespace', async () => {
    await cutover.reach('restored');
    const lost = [...there(), '--set', 'temporal.namespace=gone'];
    const { code, stdout } = await cli('status', ...lost);
    expect(stdout).toMatch(/^Temporal at .* has no namespace "gone"[^]*by the databases: before the switchover/);
    expect(code).toBe(5);
    expect(await cli('repair', '--cutover-id', 'another-one', '--by', 'bob', ...lost)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /has no namespace "gone".*; the databases decide\n[^]*error CUTOVER_RUNNING: cutover .* holds/,
      ) as string,
    });
  });

  it('has no report where its run was terminated, which says what the databases tell of it instead', async () => {
    await cutover.reach('restored');
    expect(await report()).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `error UNDO_INCOMPLETE: cutover/lost was ended by force \\(TERMINATED\\): it undid nothing itself, and wrote no report` +
            `\\. By the databases: before the switchover, .*hydra-cutover repair --cutover-id ${mine.cutoverId}`,
        ),
      ) as string,
    });
  });

  it('may have left a fence, which ends by itself', async () => {
    await cutover.reach('restored');
    await fixture.on('blue', (blue) => fenced(blue, 1));
    const { stdout } = await cli('status', ...FROM_DATABASES);
    expect(stdout).toMatch(/by the databases: switchover: attempt 1 for epoch 1 is fenced, until 20/);
    expect(stdout).toMatch(/who may write: nobody until 20.*then blue again, by itself/);
  });

  it('is not repaired under the name of another', async () => {
    await cutover.reach('restored');
    expect(await cli('repair', '--cutover-id', 'another-one', '--by', 'bob')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(new RegExp(`error CUTOVER_RUNNING: cutover ${mine.cutoverId} holds`)) as string,
    });
    expect((await fixture.provider.describeInstance('green'))?.status).toBe('available');
  });

  it('is taken back by repair, which may be repeated; then nothing of it is left', async () => {
    await cutover.reach('restored');
    const repair = () => cli('repair', '--cutover-id', mine.cutoverId, '--by', 'bob', '--json');
    for (let time = 0; time < 2; time += 1) {
      const { code, stdout } = await repair();
      expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, outcome: 'undone' });
    }
    expect(await fixture.provider.describeInstance('green')).toBeUndefined();
    expect(await fixture.provider.describeSnapshot(`hydra-cutover-${mine.cutoverId}`)).toBeUndefined();
    // What finalize of an earlier cutover keeps for people is nothing that is left over.
    await fixture.on('blue', (blue) => blue.query('CREATE SCHEMA hydra_cutover_archive'));
    const { code, stdout } = await cli('status', ...FROM_DATABASES);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/by the databases: no cutover holds this database\n/) as string,
    });
    expect(stdout).toContain('blue: schemas hydra_cutover_archive');
    expect(await cli('status')).toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringContaining('TEMPORAL_UNREACHABLE') as string,
    });
    // The run that Temporal knows to have been terminated undid nothing; `report` does not say so of what it did any more.
    expect(await report()).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(
        /error CHECK_FAILED: cutover\/lost was ended by force .*; nothing of it is left on blue's database, and blue serves\n/,
      ) as string,
    });
    await fixture.on('blue', (blue) => blue.query('DROP SCHEMA hydra_cutover_archive'));
  });

  it('that ended before it had an arbiter leaves raised lifetimes, which repair gives back', async () => {
    const raised = { ...deps, settings: { ...deps.settings, accessTokenLifespanMs: 7_200_000 } };
    await STEPS.extendLifetimes(raised, mine, stepContext());
    const told = await cli('status', ...FROM_DATABASES);
    expect(told.stdout).toMatch(/token lifetimes on blue are raised still: .*`hydra-cutover repair/);
    const soon = ['--set', 'checks.timeoutMs=1000'];
    expect(await cli('repair', '--cutover-id', mine.cutoverId, '--by', 'bob', '--json', ...soon)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"restoreLifetimes"') as string,
    });
    const { stdout } = await cli('status', ...FROM_DATABASES);
    expect(stdout).toContain('no cutover holds this database');
    expect(stdout).not.toMatch(/lifetimes|schemas/);
  });

  it('was a rehearsal that left its snapshot alone, and repair says nothing against a blue that it never wrote to', async () => {
    await STEPS.takeSnapshot(deps, mine, stepContext());
    const soon = ['--set', 'checks.timeoutMs=1000'];
    const { code, stderr } = await cli('repair', '--cutover-id', mine.cutoverId, '--by', 'bob', ...soon);
    expect(code).toBe(3);
    expect(stderr).toMatch(/error CHECK_FAILED: .*there is snapshot .* and nothing else: .*rehearsal/);
    expect(stderr).not.toMatch(/do not let anything write/);
    await STEPS.deleteSnapshot(deps, mine, stepContext());
  });

  it('is never taken back behind its commit', async () => {
    await cutover.reach('committed');
    expect((await cli('status', ...FROM_DATABASES)).stdout).toMatch(/the writes left blue with epoch 5, for good/);
    const late = { cutoverId: 'late', environment: 'lost', startedBy: 'carol' };
    const refusal = await steps.enableCapture(deps, late, stepContext()).catch((error: unknown) => error as Error);
    expect((refusal as Error).message).toMatch(
      /state committed.*The writes left this database for good: correct blue.database/,
    );
    expect((refusal as Error).message).not.toContain('cancel');
    await expect(STEPS.stopGreen(deps, mine, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    await expect(STEPS.deleteGreen(deps, mine, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    expect((await fixture.provider.describeInstance('green'))?.status).toBe('available');
  });

  it('is not finished on a green that is not its own', async () => {
    await cutover.reach('committed');
    expect(await cli('repair', '--cutover-id', mine.cutoverId, '--by', 'bob')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'error CROSSED_CONNECTION: the database reached as green is not the one',
      ) as string,
    });
  });

  it('is not taken back where the database reached as blue has no arbiter, whether green is between or serves', async () => {
    await cutover.reach('served');
    const wrong = { ...deps, databases: fixture.databasesAt('blue', 'green', 'postgres') };
    const rows = [
      [`side = 'green', state = 'closed', epoch = 0`, 5],
      [`side = 'green', state = 'open', epoch = 5`, null],
    ] as const;
    for (const [row, begun] of rows) {
      await fixture.on('green', async (green) => {
        await green.query(`UPDATE hydra_cutover.run SET ${row}`);
        await green.query('UPDATE hydra_cutover.preparation SET begun_epoch = $1', [begun]);
      });
      for (const step of ['stopGreen', 'deleteGreen', 'deleteSnapshot'] as const) {
        await expect(STEPS[step](wrong, mine, stepContext())).rejects.toMatchObject({ code: 'CHECK_FAILED' });
      }
      const args = ['--cutover-id', mine.cutoverId, '--by', 'bob', '--set', 'blue.database.name=postgres'];
      expect(await cli('repair', ...args)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/CHECK_FAILED|CROSSED_CONNECTION.*Correct blue.database/) as string,
      });
      expect((await fixture.on('green', describeArbiter))?.state).toBe(begun === null ? 'open' : 'closed');
    }
    expect((await fixture.provider.describeInstance('green'))?.status).toBe('available');
    expect((await fixture.provider.describeSnapshot(`hydra-cutover-${mine.cutoverId}`))?.status).toBe('available');
  });

  it('has only its finalize finished by repair when it had come that far, and then it is over', async () => {
    await cutover.reach('served');
    await fixture.on('blue', (blue) => removeCapture(blue));
    expect((await cli('status', ...FROM_DATABASES)).stdout).toContain(
      'after the switchover: validation, bake or finalize',
    );
    // Over is what blue says itself: a green without an arbiter may be another database.
    const mistyped = ['--set', 'green.database.name=postgres'];
    expect((await cli('status', ...FROM_DATABASES, ...mistyped)).stdout).toMatch(
      /does not say that it was finalized.*\nwho may write: never blue; [^]*correct green\.database, it leads elsewhere/,
    );
    for (let time = 0; time < 2; time += 1) {
      const { code, stdout } = await cli('repair', '--cutover-id', mine.cutoverId, '--by', 'bob', '--json');
      expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
        ...{ code: 0, outcome: 'finalized', steps: ['abandonSwitchover', 'finalize'] },
      });
    }
    expect((await cli('status', ...FROM_DATABASES)).stdout).toMatch(/by the databases: over: .* green is finalized/);
    expect(await report()).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `error CHECK_FAILED: cutover/lost was ended by force .*; by the databases, cutover ${mine.cutoverId} was brought to its end since: over: .* green is finalized\n`,
        ),
      ) as string,
    });
    const swapped = ['--set', 'blue.rdsInstanceId=green', '--set', 'green.rdsInstanceId=blue'];
    const { stdout } = await cli('status', ...FROM_DATABASES, ...swapped);
    expect(stdout).toMatch(
      /by the databases: unknown: the database reached as green is blue of cutover .*\nwho may write: never the database reached as green/,
    );
    expect(stdout).not.toMatch(/can be removed|remove the instance/);
  });
});
