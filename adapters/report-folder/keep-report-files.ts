import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeptReport } from '../../domain/asides';
import { reportHtml } from '../../domain/evidence/report-html';
import { type Report } from '../../domain/receipts';
import { whyNot } from './why-not';

/**
 * Writes the report as `NAME.html` for people and `NAME.json` for programs, and last `NAME.sha256`, as `sha256sum --check` reads it:
 * a report without it, or with another hash, is not whole. Idempotent. The folder must be there: one that was not mounted is not to be
 * made up for on another disk.
 *
 * @returns `nowhere` with the reason when it cannot be written; a run does not fail for it
 */
export async function keepReportFiles(folder: string, report: Report): Promise<KeptReport> {
  const name = reportName(report);
  const html = reportHtml(report);
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  try {
    await writeWhole(join(folder, `${name}.html`), html);
    await writeWhole(join(folder, `${name}.json`), json);
    const sums = `${sha256(html)}  ${name}.html\n${sha256(json)}  ${name}.json\n`;
    await writeWhole(join(folder, `${name}.sha256`), sums);
  } catch (error) {
    const why = whyNot(error as NodeJS.ErrnoException);
    return {
      kept: 'nowhere',
      why: `report.to: ${folder} takes no report (${why}); Temporal keeps this one for as long as its retention says: save it with \`hydra-cutover report --format html\``,
    };
  }
  return { kept: 'file', path: join(folder, `${name}.html`), sha256: sha256(html), sizeBytes: Buffer.byteLength(html) };
}

/** Sorts by time. The environment's name is a label: it is safe in a path. */
function reportName({ environment, startedAt, cutoverId }: Report): string {
  return `${environment}-${startedAt.replaceAll(/[-:]|\.\d+/g, '')}-${cutoverId.replaceAll(/[^A-Za-z0-9]/g, '').slice(-12)}`;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whole or not at all. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  try {
    const file = await open(draft, 'w', 0o640);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
