import { setTimeout as sleep } from 'node:timers/promises';
import { checkUpgrade } from './check-upgrade';
import { type DemoReport, demoReport, pauseOf } from './demo-report';
import { driveUpgrade } from './drive-upgrade';
import { type Report } from './report';
import { startTraffic } from './run-traffic';
import { seedHistory } from './seed-history';
import { type World } from '../up';

const SEEDED_GRANTS = 50_000;
/** Clients get to know blue before, and green afterwards. */
const BEFORE_MS = 10_000;
const AFTER_MS = 10_000;

export interface DemoOptions {
  readonly manual: boolean;
  readonly signal: AbortSignal;
}

/** The upgrade of a world that is up, under traffic; the verdict is in `report`. */
export async function runDemo(world: World, report: Report, options: DemoOptions): Promise<DemoReport> {
  const { info } = world;
  const { signal, manual } = options;
  const startedAt = performance.now();
  const { version } = info.blue.hydra;
  // What years leave behind in a database is known of 1.x alone.
  const seeded = version === '1.11.10' ? SEEDED_GRANTS : 0;
  const history = await report.step('history on blue', () => seedHistory(world, seeded));
  report.note(`${history.grants} grants, ${Object.values(history.rows).reduce((sum, n) => sum + n, 0)} rows`);
  const traffic = await report.step('traffic begins', () => startTraffic(world));
  await report.step('traffic on blue', () => sleep(BEFORE_MS, undefined, { signal }));
  const { configFile, env } = info.cutover;
  const say = (line: string) => report.note(line);
  const upgrade = await report.step(`upgrade of Hydra ${version} to 2.3.0`, () =>
    driveUpgrade({ info, configFile, env, manual, say, signal }),
  );
  const pause = await pauseOf(upgrade.report, traffic);
  await report.step('traffic on green', () => sleep(AFTER_MS, undefined, { signal }));
  const clients = await report.step('traffic ends, the oracle asks about every promise', () => traffic.finish());
  checkUpgrade({ upgrade, pause, clients }, report);
  const durationMs = performance.now() - startedAt;
  return demoReport({
    history,
    upgrade,
    pause,
    traffic: clients,
    checks: report.checks,
    ok: report.allHeld,
    durationMs,
  });
}
