import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../world/net/free-port';
import { sharedServers } from './shared-servers';

export interface TestEtcd {
  readonly url: string;
  /** SIGKILL, and what comes after it is on the same files and the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Any call of its JSON API. */
  call(path: string, body: object): Promise<Readonly<Record<string, unknown>>>;
  dispose(): Promise<void>;
}

const POLL_MS = 20;
const READY_TIMEOUT_MS = 120_000;

/** A real etcd of one member, not running yet. */
export async function createEtcd(): Promise<TestEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'etcd-'));
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const args = Object.entries({
    name: 'test',
    'data-dir': join(folder, 'data'),
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `test=${peerUrl}`,
    'log-level': 'error',
  }).flatMap(([name, value]) => [`--${name}`, value]);
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const killed = () => child?.kill('SIGKILL');

  const call = async (path: string, body: object) => {
    const headers = { Connection: 'close' };
    const response = await fetch(`${clientUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as Record<string, unknown>;
  };
  /** Asks no user who it is, and waits for a leader. */
  const isReady = async () => {
    const response = await fetch(`${clientUrl}/health`, { headers: { Connection: 'close' } }).catch(() => undefined);
    return ((await response?.json()) as { health?: string } | undefined)?.health === 'true';
  };
  const kill = async () => {
    process.removeListener('exit', killed);
    killed();
    await ended;
  };
  return {
    url: clientUrl,
    call,
    kill,
    start: async () => {
      const started = spawn(sharedServers().binaries.etcd, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      let said = '';
      started.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-4_000)));
      ended = new Promise((resolve) => started.once('close', () => resolve()));
      process.once('exit', killed);
      const deadline = Date.now() + READY_TIMEOUT_MS;
      while (!(await isReady())) {
        if (started.exitCode !== null || Date.now() > deadline) throw new Error(`etcd did not become ready: ${said}`);
        await sleep(POLL_MS);
      }
    },
    dispose: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
