import { join } from 'node:path';
import { ProcessCommandRunner } from '../../../../adapters/command/process-command-runner';
import { type ReloadCommand } from '../../../../adapters/target-file/file-store';
import { FileTarget } from '../../../../adapters/target-file/file-target';

export const PLACE = 'place-of-app';
const RELOAD_TIMEOUT_MS = 30_000;

/** Of the file `app.conf` in that folder; what reads it has `read.conf` of its last reload. */
export function createFileTarget(folder: string): FileTarget {
  const file = join(folder, 'app.conf');
  const argv = ['/bin/cp', file, join(folder, 'read.conf')];
  const reload = { path: 'reload', argv, env: {}, secretEnv: {}, timeoutMs: RELOAD_TIMEOUT_MS };
  return new FileTarget({
    name: 'app',
    file,
    place: PLACE,
    states: { blue: 'blue', green: 'green' },
    commands: new ProcessCommandRunner<ReloadCommand>({ commands: { reload } }),
  });
}
