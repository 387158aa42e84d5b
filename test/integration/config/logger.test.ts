import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { typescriptCommand } from '../../../world/supervisor/typescript-command';

describe('a log that cannot be written', () => {
  it.each(['/dev/full', 'read-only'])('does not end the process that serves (%s)', (target) => {
    const stderr = target === 'read-only' ? openSync('/dev/null', 'r') : openSync(target, 'w');
    const { command, args, env } = typescriptCommand('test/integration/config/log-and-live.ts');
    const end = spawnSync(command, [...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', stderr],
      encoding: 'utf8',
    });
    closeSync(stderr);
    expect(end).toMatchObject({ status: 0, stdout: 'alive\n' });
  });
});
