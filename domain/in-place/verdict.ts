import { type PastRun } from '../ports/run-history';
import { type InPlaceVerdict } from './receipts';

/**
 * How blue came to its version, for gate `plan` of the upgrade that follows: the team looks at one step before it takes the next.
 *
 * @param runs the latest first
 * @returns undefined when no run in place that led to this version is among them
 */
export function inPlaceVerdict(blueVersion: string, runs: readonly PastRun[]): InPlaceVerdict | undefined {
  for (const { runId, endedAt, report } of runs) {
    const inPlace = report?.inPlace;
    if (report?.outcome !== 'completed' || inPlace?.plan?.to !== blueVersion) continue;
    const { plan, online, bookkeeping, shares } = inPlace;
    return {
      runId,
      endedAt,
      from: plan.from,
      to: plan.to,
      outcome: report.outcome,
      acts: online?.acts ?? 0,
      versions: bookkeeping?.versions ?? null,
      shares: shares.map(({ share, verdict, requests, problems }) => ({ share, verdict, requests, problems })),
      // At the last share that both of them had.
      load: shares.findLast(({ share }) => share < 100)?.load ?? null,
    };
  }
  return undefined;
}
