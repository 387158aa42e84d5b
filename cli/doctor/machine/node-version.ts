import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type DoctorCheck } from '../check';

/** Node.js is at least the version that package.json asks for. */
export function nodeVersionCheck(version: string = process.versions.node): DoctorCheck {
  return {
    id: 'node-version',
    title: 'Node.js',
    run: async () => {
      const manifest = JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
        engines: { node: string };
      };
      const least = manifest.engines.node.replace(/^>=/, '');
      if (compareVersions(version, least) >= 0) return ok(`${version} (needs ${least} or later)`);
      return fail(`${version}; needs ${least} or later`, 'install a newer Node.js');
    },
  };
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
