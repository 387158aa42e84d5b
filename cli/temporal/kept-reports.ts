import { readKeptReports, type FoundReport } from '../../adapters/report-folder';
import { type Config } from '../../config/schema';
import { type Report } from '../../domain/receipts';
import { type CliContext } from '../context';

/**
 * Reports of this environment in the folder of `report.to`, the latest first; none without one. A file that is not as it was written is
 * left out and said.
 *
 * @throws CutoverFault REPORT_UNREADABLE
 */
export async function keptReports(
  { report: { to }, environment }: Config,
  { stderr }: CliContext,
  isWanted: (report: Report) => boolean,
): Promise<readonly FoundReport[]> {
  if (to === undefined) return [];
  const { reports, problems } = await readKeptReports(to, environment.name);
  for (const problem of problems) stderr.write(`${problem}\n`);
  return reports.filter(({ report }) => isWanted(report));
}
