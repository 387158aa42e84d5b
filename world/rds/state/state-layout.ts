import { join } from 'node:path';

/** Where everything lies below the state folder. Folders are named by resource id, so a name can be used again at once. */
export interface StateLayout {
  readonly root: string;
  readonly stateFile: string;
  readonly lockFile: string;
  readonly instancesDir: string;
  readonly snapshotsDir: string;
  readonly instanceDir: (resourceId: string) => string;
  readonly dataDir: (resourceId: string) => string;
  readonly logFile: (resourceId: string) => string;
  readonly snapshotDir: (resourceId: string) => string;
}

export function stateLayout(root: string): StateLayout {
  const instancesDir = join(root, 'instances');
  const snapshotsDir = join(root, 'snapshots');
  return {
    root,
    stateFile: join(root, 'state.json'),
    lockFile: join(root, 'lock'),
    instancesDir,
    snapshotsDir,
    instanceDir: (resourceId) => join(instancesDir, resourceId),
    dataDir: (resourceId) => join(instancesDir, resourceId, 'data'),
    logFile: (resourceId) => join(instancesDir, resourceId, 'postgres.log'),
    snapshotDir: (resourceId) => join(snapshotsDir, resourceId),
  };
}
