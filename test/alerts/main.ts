import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram, type OptionalProgram } from '../support/optional-program';

const FOLDER = join(__dirname, '..', '..', 'docs', 'alerts');
const PROMTOOL: OptionalProgram = {
  variable: 'PROMTOOL_BIN',
  names: ['promtool'],
  remedy: 'install it (Debian: apt-get install prometheus) or name it in PROMTOOL_BIN',
};
/** As of a check that something is missing for. */
const MISSING = 3;

/** The alert rules as Prometheus reads them, and their cases: docs/alerts. */
function main(): number {
  const promtool = findProgram(PROMTOOL, process.env);
  if (promtool === undefined) {
    process.stderr.write(`there is no promtool on PATH, so that nothing was checked: ${PROMTOOL.remedy}\n`);
    return MISSING;
  }
  for (const args of [
    ['check', 'rules', 'hydra-cutover.rules.yml'],
    ['test', 'rules', 'hydra-cutover.rules.test.yml'],
  ]) {
    const { status, error } = spawnSync(promtool, args, { cwd: FOLDER, stdio: 'inherit' });
    if (error !== undefined) throw error;
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
