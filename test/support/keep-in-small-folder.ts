import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { keepReportFiles, lookAtFolder, readKeptReports } from '../../adapters/report-folder';
import { REPORT } from '../unit/domain/evidence/a-report';

/**
 * `keep-in-small-folder FOLDER KIB…`, in a mount namespace of its own: keeps a report on a file system of each size and prints, as one
 * line of JSON each, what became of it.
 */
async function main(): Promise<void> {
  const [folder = '', ...sizes] = process.argv.slice(2);
  for (const size of sizes) {
    mount(['-t', 'tmpfs', '-o', `size=${size}k`, 'none', folder]);
    const look = await lookAtFolder(folder);
    const kept = await keepReportFiles(folder, REPORT);
    const read = await readKeptReports(folder, REPORT.environment);
    process.stdout.write(`${JSON.stringify({ look, kept, read, files: readdirSync(folder).sort() })}\n`);
  }
}

function mount(args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ended with ${status}: ${stderr}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
