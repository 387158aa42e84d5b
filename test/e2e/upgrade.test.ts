import { type Phase } from '../../domain/runbook';
import { committedSwitchover } from '../../world/demo/demo-report';
import { createOauthClient, OauthHttp } from '../../world/oauth';
import { typescriptCommand } from '../../world/supervisor';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type LeakReport, LeakWatch } from '../support/leak-watch';
import { clientProblems } from './client-problems';
import { UpgradeWorld } from './upgrade-world';

const LONG_MS = 1_500_000;
const GRANTS = 1_000;
/** As a secret that somebody writes into the note of a decision: it must be found where it went. */
const PLANTED = 'planted-secret-of-the-tests';
const run = promisify(execFile);
/** A kill is noticed only once beats stay away, which takes longer than most phases; `npm run test:long` has one in each that is long. */
const KILLED_IN: readonly Phase[] =
  process.env['LONG_TESTS'] === '1' ? ['capture', 'restore', 'migrate', 'catchUp'] : ['migrate'];

describe('the upgrade of a real Hydra under traffic', () => {
  let upgrade: UpgradeWorld | undefined;
  let watch: LeakWatch | undefined;

  afterEach(async () => {
    await watch?.stop();
    await upgrade?.stop();
    upgrade = watch = undefined;
  });

  it(
    'completes with nothing lost and no secret told, although its worker is killed again and again',
    async () => {
      const it = (upgrade = await UpgradeWorld.start(GRANTS));
      const traffic = await it.traffic({ keepSecrets: true });
      watch = LeakWatch.start(it);
      await it.start();
      await it.until('gate plan', ({ awaiting }) => awaiting?.gate === 'plan');
      await it.killWorker();
      await it.approve('plan', PLANTED);
      for (const phase of KILLED_IN) {
        await it.until(phase, ({ phases }) => phases.some(({ name }) => name === phase));
        await it.killWorker();
      }
      await it.until('gate cutover', ({ awaiting }) => awaiting?.gate === 'cutover');
      await it.approve('cutover');
      await it.until('switchover', ({ phases }) => phases.some(({ name }) => name === 'switchover'));
      await it.killWorker();
      // An attempt that was killed, or found its pause used up on a busy machine, moves nothing: the gate asks again.
      const isDecided = () => it.until('a commit', (now) => now.committed || now.awaiting?.gate === 'cutover');
      while (!(await isDecided()).committed) await it.approve('cutover');
      await it.until('bake', ({ phases }) => phases.some(({ name }) => name === 'bake'));
      await it.killWorker();
      await it.until('gate finalize', ({ awaiting }) => awaiting?.gate === 'finalize');
      await it.approve('finalize');
      const { report } = await it.until('the end', (status) => status.report !== null);
      const seen = await traffic.secrets();
      const clients = await traffic.finish();
      expect(report).toMatchObject({ outcome: 'completed', parity: { differences: 0 }, drain: { missing: 0 } });
      expect(report?.switchovers.at(-1)).toMatchObject({ outcome: 'committed', refused: 0 });
      expect(clientProblems(clients)).toEqual([]);
      expect(committedSwitchover(report ?? raise())?.targets.map(({ epoch }) => epoch)).toEqual(
        expect.arrayContaining([expect.any(Number)]),
      );
      expectNoLeak(await watch.report(seen, [PLANTED]));
      await expectBlueStaysShut(it);
    },
    LONG_MS,
  );
});

/** Nothing but what was planted is found, that is found, and enough was looked at. */
function expectNoLeak(found: LeakReport): void {
  expect(found.leaks.filter(({ secret }) => !secret.startsWith('planted'))).toEqual([]);
  const places = found.leaks.map(({ where }) => where);
  expect(places).toContainEqual(expect.stringMatching(/^history event/));
  expect(places).toContain('output of report --json');
  expect(found.secrets).toBeGreaterThan(200);
  expect(found.commandLines).toBeGreaterThan(10);
  expect(found.historyEvents).toBeGreaterThan(100);
  for (const name of ['worker', 'gateway', 'policy-service']) {
    expect(found.files).toContainEqual(expect.stringMatching(new RegExp(`^logs/.*${name}`)));
  }
}

/** A Hydra of blue that somebody starts again after the upgrade reads, and cannot write. */
async function expectBlueStaysShut({ world }: UpgradeWorld): Promise<void> {
  const program = typescriptCommand('world/side/main.ts', ['start', 'blue', '--run-dir', world.info.runDir]);
  await run(program.command, [...program.args], { env: { ...process.env, ...program.env } });
  const { publicUrl, adminUrl, issuer } = world.info.blue.hydra;
  const http = new OauthHttp({ publicUrl, adminUrl, adminPrefix: '', issuer }, { forwardedProto: true });
  try {
    await expect(createOauthClient(http, { id: 'too-late' })).rejects.toMatchObject({ details: { statusCode: 500 } });
  } finally {
    await http.close();
  }
}

function raise(): never {
  throw new Error('no report');
}
