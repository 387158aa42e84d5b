import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { cleanEnvironment, typescriptCommand } from '../../../world/supervisor';
import { startTemporalDevServer, type TemporalDevServer } from '../../support/temporal-dev-server';
import { SOON, until } from '../../support/until';
import { minimalConfig } from '../../unit/config/config-files';

const PLACE = 'where-the-proxy-reads';

/** A side that refuses every connection. */
const nowhere = (hydraVersion: string, port: number) => ({
  hydraVersion,
  rdsInstanceId: `hydra-${port}`,
  publicUrl: `http://127.0.0.1:${port}`,
  adminUrl: `http://127.0.0.1:${port + 1}`,
  database: { host: '127.0.0.1', port: port + 2, name: 'hydra', user: 'hydra' },
});

describe('a file target and workers on two machines', () => {
  let server: TemporalDevServer;
  let folder: string;
  const workers: ChildProcess[] = [];
  beforeAll(async () => {
    server = await startTemporalDevServer();
    folder = mkdtempSync(join(tmpdir(), 'two-machines-'));
    for (const name of ['etc', 'first', 'second']) mkdirSync(join(folder, name));
    for (const machine of ['first', 'second']) writeFileSync(join(folder, machine, 'proxy.conf'), 'blue');
    writeFileSync(join(folder, 'first', '.proxy.conf.cutover.place'), PLACE);
    const config = {
      ...minimalConfig(),
      blue: nowhere('1.11.10', 1),
      green: nowhere('2.3.0', 4),
      rds: { region: 'eu-central-1' },
      temporal: { address: server.address },
      targets: [
        {
          name: 'proxy',
          kind: 'file',
          file: { path: join(folder, 'etc', 'proxy.conf'), place: PLACE },
          states: { blue: 'blue', green: 'green' },
        },
      ],
    };
    writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** One that has its own folder where the config names one: the same path, another file. */
  async function startWorker(machine: string): Promise<void> {
    const ready = join(folder, `${machine}.ready`);
    const set = ['--set', `temporal.taskQueue=${machine}`, '--ready', ready];
    const { command, args, env } = typescriptCommand('workers/main.ts', [
      '--config',
      join(folder, 'config.yaml'),
      ...set,
    ]);
    const inOwnMounts = ['sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh'];
    const folders = [join(folder, machine), join(folder, 'etc')];
    const worker = spawn('unshare', ['--map-root-user', '--mount', ...inOwnMounts, ...folders, command, ...args], {
      stdio: 'ignore',
      env: cleanEnvironment({ ...env, AWS_REGION: 'eu-central-1' }),
    });
    workers.push(worker);
    await until(`worker ${machine} polls`, () => existsSync(ready) || worker.exitCode !== null, SOON);
    expect(worker.exitCode).toBeNull();
  }

  async function endWorkers(): Promise<void> {
    await Promise.all(
      workers.map(async (worker) => {
        if (worker.exitCode !== null) return;
        const gone = once(worker, 'close');
        worker.kill('SIGTERM');
        await gone;
      }),
    );
  }

  it('is refused by the one that finds no word of its place beside the file, and known to the other', async () => {
    try {
      await Promise.all(['first', 'second'].map(startWorker));
      await compareMachines();
    } finally {
      await endWorkers();
    }
  });

  async function compareMachines(): Promise<void> {
    const connection = await Connection.connect({ address: server.address });
    const { workflow } = new Client({ connection });
    const problemsOn = async (taskQueue: string): Promise<string> => {
      const options = { workflowId: 'cutover/test', taskQueue, args: [{ environment: 'test', by: 'alice' }] };
      const report = (await workflow.execute('upgradeHydra', options).catch((error: unknown) => error)) as object;
      return JSON.stringify(report, (_, value: unknown) =>
        value instanceof Error ? { ...value, message: value.message, cause: value.cause } : value,
      );
    };
    const refused = await problemsOn('second');
    expect(refused).toContain('target proxy');
    expect(refused).toMatch(/proxy\.conf on \S+ is not known to be the one that proxy reads: \S+ is not there/);
    const known = await problemsOn('first');
    expect(known).toContain('CHECK_FAILED');
    expect(known).not.toContain('target proxy');
    await connection.close();
  }
});
