import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverFault } from '../../domain/faults';
import { type Report } from '../../domain/receipts';
import { sha256 } from './keep-report-files';

export interface FoundReport {
  /** Of its JSON. */
  readonly path: string;
  readonly report: Report;
}

/**
 * Reads back what {@link keepReportFiles} wrote for one environment, the latest first.
 *
 * @returns besides them, one sentence for each file that is not as it was written: it is left out
 * @throws CutoverFault REPORT_UNREADABLE
 */
export async function readKeptReports(
  folder: string,
  environment: string,
): Promise<{ readonly reports: readonly FoundReport[]; readonly problems: readonly string[] }> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new CutoverFault(
      'REPORT_UNREADABLE',
      `report.to: ${folder} cannot be read (${error.code ?? error.message}); run this where the worker writes its reports, or mount that folder here`,
      { folder },
      error,
    );
  });
  const reports: FoundReport[] = [];
  const problems: string[] = [];
  for (const sums of names
    .filter((name) => name.endsWith('.sha256'))
    .sort()
    .reverse()) {
    const path = join(folder, sums.replace(/\.sha256$/, '.json'));
    try {
      const [text, wanted] = await Promise.all([readFile(path, 'utf8'), readFile(join(folder, sums), 'utf8')]);
      const report = asReport(text);
      if (report?.environment !== environment) continue;
      if (wanted.includes(`${sha256(text)}  `)) reports.push({ path, report });
      else problems.push(`${path} is not what the worker wrote: its hash differs from the one in ${sums}`);
    } catch (error) {
      problems.push(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'no JSON'}`);
    }
  }
  return { reports, problems };
}

/** Of another version it may be something else. */
function asReport(text: string): Report | null {
  const value: unknown = JSON.parse(text);
  const isReport = typeof value === 'object' && value !== null && 'schemaVersion' in value && value.schemaVersion === 1;
  return isReport ? (value as unknown as Report) : null;
}
