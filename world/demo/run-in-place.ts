import { setTimeout as sleep } from 'node:timers/promises';
import { type World } from '../up';
import { checkTraffic } from './check-upgrade';
import { failedRequests, type InPlaceSummary, inPlaceSummary } from './demo-report';
import { checkInPlace, FROM_THE_OLDER, upgradeInPlace } from './in-place';
import { OwnHistory } from './own-history';
import { type Check, type Report } from './report';
import { type DemoOptions } from './run-demo';
import { startTraffic } from './run-traffic';

/** Clients get to know the old version before, and the new one afterwards. */
const BEFORE_MS = 20_000;
const AFTER_MS = 10_000;

/** What `npm run demo -- --in-place --json FILE` writes. No secret, token or subject. */
export interface InPlaceDemoReport extends InPlaceSummary {
  readonly schemaVersion: 1;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly checks: readonly Check[];
  readonly traffic: { readonly requests: number; readonly failedRequests: number; readonly requestsPerSecond: number };
}

/** 1.3.2 to 1.11.10 in a world that is up, under traffic; the verdict is in `report`. */
export async function runInPlaceDemo(world: World, report: Report, options: DemoOptions): Promise<InPlaceDemoReport> {
  const startedAt = performance.now();
  const { signal } = options;
  const history = await report.step('history that the old version makes itself', () => OwnHistory.make(world));
  const traffic = await report.step('traffic begins', () => startTraffic(world, { population: FROM_THE_OLDER }));
  await report.step('traffic on the old version', () => sleep(BEFORE_MS, undefined, { signal }));
  const ended = await upgradeInPlace(world, report, options);
  await report.step('traffic on the new version', () => sleep(AFTER_MS, undefined, { signal }));
  const clients = await report.step('traffic ends, the oracle asks about every promise', () => traffic.finish());
  checkInPlace(ended, report);
  await history.check('1.3.2', report);
  checkTraffic(clients, report);
  return {
    schemaVersion: 1,
    ok: report.allHeld,
    ...inPlaceSummary(ended),
    durationMs: Math.round(performance.now() - startedAt),
    checks: report.checks,
    traffic: {
      requests: clients.traffic.requests,
      failedRequests: failedRequests(clients),
      requestsPerSecond: clients.requestsPerSecond,
    },
  };
}
