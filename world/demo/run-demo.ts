import { setTimeout as sleep } from 'node:timers/promises';
import { checkUpgrade } from './check-upgrade';
import { type DemoReport, demoReport, pauseOf } from './demo-report';
import { driveUpgrade } from './drive-upgrade';
import { checkInPlace, FROM_THE_OLDER, upgradeInPlace } from './in-place';
import { OwnHistory } from './own-history';
import { type Report } from './report';
import { startTraffic } from './run-traffic';
import { seedHistory } from './seed-history';
import { sayIfTooSlow } from './usual-waits';
import { CutoverFault } from '../../domain/faults';
import { type Report as CutoverReport } from '../../domain/receipts';
import { type UpgradeTo } from '../../hydra/paths/registry';
import { type World } from '../up';

const SEEDED_GRANTS = 50_000;
/** Clients get to know blue before, and green afterwards. */
const BEFORE_MS = 10_000;
const AFTER_MS = 10_000;

export interface DemoOptions {
  readonly manual: boolean;
  readonly signal: AbortSignal;
  /** What the upgrade leads to. @default '2.3.0' */
  readonly to?: UpgradeTo;
  /** The world begins with Hydra 1.3.2, which is brought to blue's version in place first. @default false */
  readonly full?: boolean;
}

/** The upgrade of a world that is up, under traffic; the verdict is in `report`. */
export async function runDemo(world: World, report: Report, options: DemoOptions): Promise<DemoReport> {
  const { info } = world;
  const { signal, manual, full = false, to = '2.3.0' } = options;
  const startedAt = performance.now();
  const { version } = info.blue.hydra;
  // What years leave behind in a database is known of 1.11.10 alone.
  const seeded = version === '1.11.10' && !full ? SEEDED_GRANTS : 0;
  const history = await report.step('history on blue', () => seedHistory(world, seeded));
  report.note(`${history.grants} grants, ${Object.values(history.rows).reduce((sum, n) => sum + n, 0)} rows`);
  const own = full
    ? await report.step('history that the old version makes itself', () => OwnHistory.make(world))
    : undefined;
  // One population all the way: what Hydra 1.3.2 promised is asked of the last one.
  const population = full ? { population: FROM_THE_OLDER } : {};
  const traffic = await report.step('traffic begins', () => startTraffic(world, population));
  const inPlace = full ? await firstInPlace(world, report, options) : undefined;
  await report.step('traffic on blue', () => sleep(BEFORE_MS, undefined, { signal }));
  const { configFile, env } = info.cutover;
  const say = (line: string) => report.note(line);
  const upgrade = await report.step(`upgrade of Hydra ${version} to ${to}`, () =>
    driveUpgrade({
      ...{ info, configFile, env, manual, say, signal },
      beforeAnswer: async (gate) => {
        if (gate === 'cutover') await sayIfTooSlow(traffic, say);
      },
    }),
  );
  const pause = await pauseOf(upgrade.report, traffic);
  await report.step('traffic on green', () => sleep(AFTER_MS, undefined, { signal }));
  const clients = await report.step('traffic ends, the oracle asks about every promise', () => traffic.finish());
  if (inPlace !== undefined) {
    checkInPlace(inPlace, report);
    checkVerdictShown(upgrade.report, inPlace, report);
  }
  await own?.check('1.3.2', report);
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
    ...(inPlace === undefined ? {} : { inPlace }),
  });
}

/** Nothing to go on with unless it completes. @throws CutoverFault COMMAND_FAILED */
async function firstInPlace(world: World, report: Report, options: DemoOptions): Promise<CutoverReport> {
  await report.step('traffic on Hydra 1.3.2', () => sleep(BEFORE_MS, undefined, { signal: options.signal }));
  const ended = await upgradeInPlace(world, report, options);
  if (ended.outcome === 'completed') return ended;
  throw new CutoverFault(
    'COMMAND_FAILED',
    `the upgrade in place ended as ${ended.outcome}: ${ended.cause?.message ?? 'no cause'}; nothing follows it`,
  );
}

/** Whoever approves the second step has read how the first one went. */
function checkVerdictShown({ plan }: CutoverReport, { cutoverId }: CutoverReport, report: Report): void {
  const shown = plan?.inPlace;
  report.check(
    'gate plan of the second upgrade showed how the first one went',
    shown !== undefined && shown.runId === cutoverId && shown.outcome === 'completed',
    shown === undefined
      ? 'nothing was shown'
      : `${shown.from} to ${shown.to} ${shown.outcome}, ${shown.acts} acts, ${shown.shares.length} shares`,
  );
}
