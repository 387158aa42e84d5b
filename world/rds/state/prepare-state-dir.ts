import { chmod, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CutoverFault } from '../../../domain/faults';
import { type RunAs } from '../../toolchain';
import { canTraverse } from '../../toolchain/cache/cache-root';
import { stateLayout, type StateLayout } from './state-layout';

/**
 * Makes the state folder. As root it can be passed through by other users, because PostgreSQL then runs as one; what is secret
 * in it is readable by its owner only.
 * @throws CutoverFault CONFIG_INVALID when a folder above it cannot be passed through
 */
export async function prepareStateDir(dir: string, runAs: RunAs | undefined): Promise<StateLayout> {
  const layout = stateLayout(resolve(dir));
  const passable = runAs === undefined ? 0o700 : 0o711;
  for (const folder of [layout.root, layout.instancesDir]) {
    await mkdir(folder, { recursive: true, mode: passable });
    await chmod(folder, passable);
  }
  await mkdir(layout.snapshotsDir, { recursive: true, mode: 0o700 });
  if (runAs !== undefined && !canTraverse(layout.root, runAs)) {
    throw new CutoverFault(
      'CONFIG_INVALID',
      `a folder above ${dirname(layout.root)} cannot be passed through by uid ${runAs.uid}, which runs PostgreSQL because it refuses root; choose another --state-dir`,
      { path: layout.root },
    );
  }
  return layout;
}
