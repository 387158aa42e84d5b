import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type World, workerProcess } from '../up';
import { checkUpgrade } from './check-upgrade';
import { runProgram } from './cli-process';
import { type DemoReport, demoReport, pauseOf } from './demo-report';
import { driveUpgrade } from './drive-upgrade';
import { type Report } from './report';
import { type DemoOptions } from './run-demo';
import { startTraffic } from './run-traffic';
import { seedHistory } from './seed-history';
import { sayIfTooSlow } from './usual-waits';

const SEEDED_GRANTS = 2_000;
/** The machine does four comparisons besides, with no worker that carries meanwhile. */
const RATE_PER_SECOND = 30;
const BEFORE_MS = 5_000;
const AFTER_MS = 5_000;

/** Each by itself, in the order in which a run would come to them. */
export const DETECTORS = {
  parity: 'the comparison of all rows',
  answers: "Hydra's answers, green closed",
  shadow: "green's answers beside blue's",
  jobs: 'the purge guard, with a job that believes green',
} as const;

/** What the published incident was, each by itself: what the vendor's migration does where nobody repairs it. */
export const DAMAGES = {
  invalid: 'valid sessions are marked invalid',
  unlisted: 'the lists of consents are empty',
} as const;

const looked = z.object({ found: z.number(), said: z.array(z.string()) });

/**
 * `npm run demo -- --incident`: the incident that this project follows. At gate `cutover` green is damaged as the vendor's migration
 * leaves it where nobody repairs it, in one way after the other. Each detector is asked alone, before the commit; then green is repaired,
 * each is asked again, and the upgrade goes on.
 */
export async function runIncidentDemo(world: World, report: Report, options: DemoOptions): Promise<DemoReport> {
  const { info } = world;
  const { signal, manual } = options;
  const startedAt = performance.now();
  const history = await report.step('history on blue', () => seedHistory(world, SEEDED_GRANTS));
  const traffic = await report.step('traffic begins', () => startTraffic(world, { ratePerSecond: RATE_PER_SECOND }));
  await report.step('traffic on blue', () => sleep(BEFORE_MS, undefined, { signal }));
  const { configFile, env } = info.cutover;
  const say = (line: string) => report.note(line);
  let isOver = false;
  const upgrade = await report.step('upgrade of Hydra 1.11.10 to 2.3.0', () =>
    driveUpgrade({
      ...{ info, configFile, env, manual, say, signal },
      beforeAnswer: async (gate, { cutoverId }) => {
        if (gate !== 'cutover' || isOver) return;
        isOver = true;
        await sayIfTooSlow(traffic, say);
        await incident(world, report, cutoverId);
      },
    }),
  );
  const pause = await pauseOf(upgrade.report, traffic);
  await report.step('traffic on green', () => sleep(AFTER_MS, undefined, { signal }));
  const clients = await report.step('traffic ends, the oracle asks about every promise', () => traffic.finish());
  checkUpgrade({ upgrade, pause, clients }, report);
  return demoReport({
    ...{ history, upgrade, pause, traffic: clients, checks: report.checks, ok: report.allHeld },
    durationMs: performance.now() - startedAt,
  });
}

async function incident(world: World, report: Report, cutoverId: string): Promise<void> {
  const { info, supervisor } = world;
  const { configFile, env } = info.cutover;
  const look = (name: string) => lookOnce(configFile, env, cutoverId, name);
  const names = Object.keys(DETECTORS) as (keyof typeof DETECTORS)[];
  // Nothing carries, compares or proves beside the one that is asked.
  await supervisor.stop('worker');
  try {
    for (const damage of Object.keys(DAMAGES) as (keyof typeof DAMAGES)[]) {
      const { found: damaged } = await look(damage);
      report.note(`the incident: ${DAMAGES[damage]}, ${damaged} flows of green as nobody repaired them`);
      for (const name of names) {
        const { found, said } = await look(name);
        const claim = `${DAMAGES[damage]}: ${DETECTORS[name]} alone catches it, before the commit`;
        report.check(claim, damaged > 0 && found > 0, said.join('; '));
      }
      const { found: repaired } = await look('repair');
      report.note(`repaired: ${repaired} flows`);
    }
    for (const name of names) {
      const { found, said } = await look(name);
      report.check(`${DETECTORS[name]} finds nothing once all is repaired`, found === 0, said.join('; '));
    }
  } finally {
    await supervisor.start(workerProcess(info.runDir, configFile, env));
  }
}

/** @throws CutoverFault COMMAND_FAILED with what it said */
async function lookOnce(configFile: string, env: Readonly<Record<string, string>>, cutoverId: string, name: string) {
  const args = ['--config', configFile, '--cutover', cutoverId, name];
  const { exitCode, stdout, stderr } = await runProgram('workers/incident.ts', args, env);
  if (exitCode === 0) return looked.parse(JSON.parse(stdout));
  throw new CutoverFault('COMMAND_FAILED', `the look "${name}" ended with ${exitCode}: ${stderr.trim()}`, { exitCode });
}
