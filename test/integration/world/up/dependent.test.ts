import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../../../config/logger';
import { claimRunDir, dataDir, keepUp, settingsFile, Supervisor } from '../../../../world/supervisor';
import { startDependent } from '../../../../world/up/parts/dependent';
import { type WorldContext } from '../../../../world/up/world-part';
import { WorldSettings } from '../../../../world/up/world-settings';
import { cleanUp, worldsFolder } from '../supervisor/hosts';
import { until } from '../../../support/until';

afterEach(cleanUp);

it('a target that was killed answers at the same addresses again', async () => {
  const worlds = worldsFolder();
  const { runDir } = await claimRunDir({ worlds, keep: false });
  const supervisor = new Supervisor({ runDir, logger: createLogger({ level: 'silent' }) });
  const said: string[] = [];
  const context = {
    runDir,
    dataDir: dataDir(runDir),
    settings: new WorldSettings(settingsFile(runDir)),
    supervisor,
  } as WorldContext;
  const config = {
    stateFile: join(runDir, 'data', 'state.json'),
    initial: { adminUrl: 'http://127.0.0.1:9', apiGeneration: 1 },
  };
  const { url, controlUrl, pid } = await startDependent(context, { name: 'resource-api', config });
  const keeper = keepUp({ supervisor, say: (line) => said.push(line) });
  try {
    process.kill(pid, 'SIGKILL');
    await until('it runs again', () => said.some((line) => line.startsWith('resource-api runs again')));
    // It writes this once both listeners answer.
    const after: unknown = JSON.parse(readFileSync(join(runDir, 'processes', 'resource-api.ready'), 'utf8'));
    expect(after).toEqual({ url, controlUrl, pid: supervisor.processes[0]?.pid });
    expect(supervisor.processes[0]?.pid).not.toBe(pid);
  } finally {
    keeper.close();
    await supervisor.stopAll();
  }
});
