import { type TrafficReport } from '../traffic';
import { type Report } from './report';

/** What the clients saw and what the oracle found, as checks of the demo. */
export function checkTraffic(traffic: TrafficReport, report: Report): void {
  const { verdict } = traffic;
  report.check(
    'no client saw a failure',
    traffic.traffic.failedOperations === 0,
    `${traffic.traffic.failedOperations} of ${traffic.traffic.requests} requests`,
  );
  report.check(
    'the oracle found every promise kept',
    verdict?.clean === true,
    verdict === undefined
      ? 'no verdict'
      : `${verdict.checked} checked, ${verdict.confirmedButLost} lost, ${verdict.revokedButActive} revived, ${verdict.activeButRefused} refused, ${verdict.changed} changed, ${verdict.unstable} unstable, ${verdict.unobserved} not observed`,
  );
}
