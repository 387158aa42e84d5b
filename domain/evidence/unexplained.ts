import { type PurgeGuardReceipt } from '../receipts';

/** @returns a text for each job that would remove more than revocations explain, and why not */
export function unexplained(jobs: PurgeGuardReceipt['jobs']): readonly string[] {
  return jobs
    .filter(({ wouldRemove, explained }) => wouldRemove > explained)
    .map(({ name, wouldRemove, explained, unnamed, intact, hidden }) => {
      const reasons = [
        ...(intact > 0 ? [`${intact} hang on a consent that green lists, so the job misreads green`] : []),
        ...(hidden > 0 ? [`${hidden} on a consent that green has and does not list, so green is damaged`] : []),
        ...(unnamed > 0 ? [`${unnamed} were not named by the job`] : []),
      ];
      return `${name} ${wouldRemove}, of which ${explained} explained: ${reasons.join(', ')}`;
    });
}
