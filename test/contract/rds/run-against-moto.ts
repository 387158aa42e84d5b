import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RDSClient } from '@aws-sdk/client-rds';
import { exclusively } from '../../../scripts/lib/exclusive';
import { freePort } from '../../../world/net/free-port';
import { cacheRoot } from '../../../world/toolchain/cache/cache-root';
import { MOTO_OMISSIONS } from './moto-omissions';
import { RDS_CONTRACT } from './rds.contract';

const MOTO = '5.2.5';
const READY_MS = 60_000;

/**
 * Runs the RDS contract against moto, another implementation of the API: a second opinion on our reading of AWS. By hand, not
 * part of the suite: it installs a Python package.
 *
 * @returns exit code: 0 when every case passes or is a named omission
 */
async function main(): Promise<number> {
  const python = await installMoto();
  const port = await freePort();
  const server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  try {
    await untilReady(server, port);
    const client = new RDSClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
    });
    const failures = await runContract(client);
    client.destroy();
    return failures === 0 ? 0 : 1;
  } finally {
    if (server.exitCode === null && server.kill('SIGKILL')) await once(server, 'exit');
  }
}

async function runContract(client: RDSClient): Promise<number> {
  let failures = 0;
  for (const { name, run } of RDS_CONTRACT) {
    const omission = MOTO_OMISSIONS[name];
    const error = await run(client).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) {
      say(
        omission === undefined ? `passed   ${name}` : `passed   ${name} (listed as an omission: take it off the list)`,
      );
    } else if (omission !== undefined) say(`omitted  ${name}: ${omission}`);
    else {
      failures += 1;
      say(`FAILED   ${name}: ${messageOf(error).split('\n').slice(0, 6).join(' ')}`);
    }
  }
  say(
    `${RDS_CONTRACT.length} cases, ${Object.keys(MOTO_OMISSIONS).length} named omissions, ${failures} failed (moto ${MOTO})`,
  );
  return failures;
}

/** @returns the interpreter of a virtual environment that has moto; a half-made one is made again */
async function installMoto(): Promise<string> {
  const dir = join(cacheRoot(process.env), `moto-${MOTO}`);
  const python = join(dir, 'bin', 'python');
  const complete = join(dir, 'complete');
  await exclusively(`${dir}.lock`, async () => {
    if (existsSync(complete)) return;
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true });
    await succeed('python3', ['-m', 'venv', dir]);
    await succeed(python, ['-m', 'pip', 'install', '--quiet', `moto[server,rds]==${MOTO}`]);
    await writeFile(complete, '');
  });
  return python;
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}; python3 with venv and pip is needed`);
}

async function untilReady(server: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const up = await fetch(`http://127.0.0.1:${port}/moto-api/`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) return;
    if (server.exitCode !== null || Date.now() > deadline) throw new Error('moto did not start');
    await sleep(100);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'not an error';
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  },
);
