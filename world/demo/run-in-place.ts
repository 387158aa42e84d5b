import { setTimeout as sleep } from 'node:timers/promises';
import { type InPlaceReport } from '../../domain/in-place/receipts';
import { type World } from '../up';
import { checkTraffic } from './check-upgrade';
import { failedRequests } from './demo-report';
import { checkInPlace, FROM_THE_OLDER, upgradeInPlace } from './in-place';
import { type Check, type Report } from './report';
import { type DemoOptions } from './run-demo';
import { startTraffic } from './run-traffic';

/** Clients get to know the old version before, and the new one afterwards. */
const BEFORE_MS = 20_000;
const AFTER_MS = 10_000;

/** What `npm run demo -- --in-place --json FILE` writes. No secret, token or subject. */
export interface InPlaceDemoReport {
  readonly schemaVersion: 1;
  readonly ok: boolean;
  readonly outcome: string;
  readonly durationMs: number;
  readonly checks: readonly Check[];
  readonly phases: readonly { readonly name: string; readonly durationMs: number }[];
  readonly shares: InPlaceReport['shares'];
  readonly traffic: { readonly requests: number; readonly failedRequests: number; readonly requestsPerSecond: number };
}

/** 1.3.2 to 1.11.10 in a world that is up, under traffic; the verdict is in `report`. */
export async function runInPlaceDemo(world: World, report: Report, options: DemoOptions): Promise<InPlaceDemoReport> {
  const startedAt = performance.now();
  const { signal } = options;
  const traffic = await report.step('traffic begins', () => startTraffic(world, { population: FROM_THE_OLDER }));
  await report.step('traffic on the old version', () => sleep(BEFORE_MS, undefined, { signal }));
  const ended = await upgradeInPlace(world, report, options);
  await report.step('traffic on the new version', () => sleep(AFTER_MS, undefined, { signal }));
  const clients = await report.step('traffic ends, the oracle asks about every promise', () => traffic.finish());
  checkInPlace(ended, report);
  checkTraffic(clients, report);
  return {
    schemaVersion: 1,
    ok: report.allHeld,
    outcome: ended.outcome,
    durationMs: Math.round(performance.now() - startedAt),
    checks: report.checks,
    phases: ended.phases,
    shares: ended.inPlace?.shares ?? [],
    traffic: {
      requests: clients.traffic.requests,
      failedRequests: failedRequests(clients),
      requestsPerSecond: clients.requestsPerSecond,
    },
  };
}

/** The end of the demo, for people. */
export function renderInPlaceDemo({ checks, outcome, phases, shares, traffic }: InPlaceDemoReport): string {
  const lines = [
    '\nPhases',
    ...phases.map(({ name, durationMs }) => `  ${name.padEnd(12)} ${(durationMs / 1_000).toFixed(1).padStart(6)} s`),
    '\nShares of the new version',
    ...shares.map(
      ({ share, verdict, requests, serverErrors, problems }) =>
        `  ${String(share).padStart(3)} %  ${verdict}: ${requests} requests, ${serverErrors} server errors${problems.length === 0 ? '' : `; ${problems.join('; ')}`}`,
    ),
    '\nWhat clients saw',
    `  ${traffic.requests} requests at ${traffic.requestsPerSecond}/s; failed: ${traffic.failedRequests}`,
    '\nChecks',
    ...checks.map(({ claim, held, observed }) => `  ${held ? 'ok  ' : 'FAIL'}  ${claim}: ${observed}`),
    '',
    `${checks.filter(({ held }) => held).length} of ${checks.length} checks held; outcome ${outcome}`,
  ];
  return `${lines.join('\n')}\n`;
}
