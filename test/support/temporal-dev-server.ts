import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTE_NAMES, SEARCH_ATTRIBUTE_TYPE } from '../../domain/search-attributes';
import { freePort } from '../../world/net/free-port';
import { cleanEnvironment } from '../../world/supervisor';
import { sharedServers } from './shared-servers';

export interface TemporalDevServer {
  readonly address: string;
  /** Of its web interface, where that was wanted. */
  readonly uiUrl: string;
  stop(): Promise<void>;
}

/** Temporal's dev server for one test file, in memory, with our search attributes. */
export async function startTemporalDevServer({ ui = false } = {}): Promise<TemporalDevServer> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const attributes = SEARCH_ATTRIBUTE_NAMES.flatMap((name) => [
    '--search-attribute',
    `${name}=${SEARCH_ATTRIBUTE_TYPE}`,
  ]);
  const uiPort = await freePort();
  const shown = ui ? ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)] : ['--headless'];
  const ports = ['--http-port', String(await freePort()), '--metrics-port', String(await freePort())];
  const server = spawn(
    sharedServers().binaries.temporalCli,
    ['server', 'start-dev', ...shown, '--ip', '127.0.0.1', '--port', String(port), ...ports, ...attributes],
    { stdio: 'ignore', env: cleanEnvironment({}) },
  );
  for (;;) {
    try {
      await (await Connection.connect({ address, connectTimeout: 3_000 })).close();
      break;
    } catch {
      if (server.exitCode !== null) throw new Error(`Temporal's dev server ended with exit code ${server.exitCode}`);
      await sleep(100);
    }
  }
  return {
    address,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    stop: async () => {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
  };
}
