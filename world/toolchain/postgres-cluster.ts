import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { CutoverFault } from '../../domain/faults';
import { canTraverse } from './cache/cache-root';
import { toolContext } from './context';
import { lastLine, runTool } from './run-tool';
import { saysDiskFull, diskFullFault } from './storage-fault';
import { type PostgresInstallation, type RunAs } from './types';

const INITDB_TIMEOUT_MS = 120_000;
const POLL_MS = 50;
const ATTEMPT_TIMEOUT_MS = 2_000;
/** macOS has no C.UTF-8 before version 15; with `C` the encoding is set by itself. */
const LOCALE = process.platform === 'darwin' ? 'C' : 'C.UTF-8';

export interface InitClusterOptions {
  readonly installation: PostgresInstallation;
  /** Absolute. Absent or empty; created as 0700 for the uid that will run the server. */
  readonly dataDir: string;
  readonly superuser: string;
  readonly password: string;
  readonly signal?: AbortSignal;
}

/**
 * Creates a cluster: scram-sha-256 for every connection, UTF8, C.UTF-8, data checksums.
 *
 * Not idempotent: a folder with content is refused. On failure initdb removes what it wrote.
 * @throws CutoverFault TOOL_UNUSABLE (initdb refused; its words are in the message) | DISK_FULL
 * Source: PostgreSQL manual, "initdb".
 */
export async function initCluster(options: InitClusterOptions): Promise<void> {
  const { installation, superuser, password } = options;
  const dataDir = resolve(options.dataDir);
  const { runAs } = installation;
  assertPassword(password);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  assertReachable(dataDir, runAs);
  if (runAs !== undefined) await chown(dataDir, runAs.uid, runAs.gid);
  // Beside the data folder: the uid that runs initdb can reach that place, which is not certain for TMPDIR.
  const passwordFile = join(dirname(dataDir), `.initdb-${randomBytes(8).toString('hex')}`);
  try {
    await writePrivateFile(passwordFile, password, runAs);
    const args = [
      `--pgdata=${dataDir}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      `--locale=${LOCALE}`,
      '--data-checksums',
    ];
    const run = { command: join(installation.binDir, 'initdb'), args, cwd: dataDir, env: serverEnv(), runAs };
    const context = toolContext({ signal: options.signal });
    const result = await runTool({ ...run, timeoutMs: INITDB_TIMEOUT_MS }, context);
    if (result.exitCode === 0) return;
    if (saysDiskFull(result.stderr)) throw diskFullFault(dataDir);
    const said = result.timedOut ? `no end after ${INITDB_TIMEOUT_MS / 1_000} s` : initdbError(result.stderr);
    throw new CutoverFault('TOOL_UNUSABLE', `initdb could not create a cluster in ${dataDir}: ${said}`, {
      path: dataDir,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

export interface PostgresCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly runAs?: RunAs;
}

export interface PostgresCommandOptions {
  readonly installation: PostgresInstallation;
  readonly dataDir: string;
  readonly port: number;
  /** Server settings; they win over postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The command line of a server in the foreground, on 127.0.0.1 only and without a Unix socket.
 *
 * SIGINT to it is a fast shutdown (sessions are ended, the cluster closes cleanly), SIGTERM waits for the sessions.
 * Source: PostgreSQL manual, "Shutting Down the Server".
 */
export function postgresCommand(options: PostgresCommandOptions): PostgresCommand {
  const { installation, port } = options;
  const dataDir = resolve(options.dataDir);
  const settings = Object.entries(options.settings ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const fixed = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
  return {
    command: join(installation.binDir, 'postgres'),
    args: ['-D', dataDir, '-p', String(port), ...fixed, ...settings],
    cwd: dataDir,
    env: serverEnv(),
    ...(installation.runAs === undefined ? {} : { runAs: installation.runAs }),
  };
}

export interface WaitUntilAcceptingOptions {
  readonly user: string;
  readonly password: string;
  /** @default 'postgres' */
  readonly database?: string;
  /** @default 30_000; crash recovery may need longer */
  readonly timeoutMs?: number;
  /** Fire it when the server process ends, so that nobody waits for a dead server. */
  readonly signal?: AbortSignal;
}

/**
 * Returns once a session on 127.0.0.1:`port` has answered a query.
 *
 * @throws CutoverFault DB_UNREACHABLE when that did not happen in time, and at once the server's own error when it answers
 * and refuses (wrong password, no such database); the signal's reason when it fires
 */
export async function waitUntilAccepting(port: number, options: WaitUntilAcceptingOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const error = await tryQuery(port, options);
    if (error === undefined) return;
    if (isRefusal(error)) throw error;
    if (Date.now() >= deadline) {
      throw new CutoverFault(
        'DB_UNREACHABLE',
        `PostgreSQL on 127.0.0.1:${port} did not accept a connection within ${timeoutMs} ms (last: ${error.message}); its log says why`,
        { endpoint: `127.0.0.1:${port}` },
        error,
      );
    }
    await sleep(POLL_MS);
  }
}

/** @returns undefined when the query was answered, else the error */
async function tryQuery(port: number, options: WaitUntilAcceptingOptions): Promise<Error | undefined> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: options.user,
    password: options.password,
    database: options.database ?? 'postgres',
    application_name: 'hydra-cutover readiness',
    connectionTimeoutMillis: ATTEMPT_TIMEOUT_MS,
    query_timeout: ATTEMPT_TIMEOUT_MS,
  });
  // A server that dies while we are connected reports it here; without a listener that would end this process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Class 28 is authentication, 3D000 an unknown database. Source: PostgreSQL manual, "PostgreSQL Error Codes". */
function isRefusal(error: NodeJS.ErrnoException): boolean {
  const { code } = error;
  return code !== undefined && (code.startsWith('28') || code === '3D000');
}

/** Nothing of the caller's PG* or locale settings; UTC as on RDS. */
function serverEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: LOCALE, TZ: 'UTC' };
}

function assertPassword(password: string): void {
  // initdb reads the first line of the file; anything after it would be dropped without a word.
  if (password !== '' && !/[\r\n\0]/.test(password)) return;
  throw new CutoverFault('USAGE', 'the password of a PostgreSQL superuser must be one line and not empty');
}

function assertReachable(dataDir: string, runAs: RunAs | undefined): void {
  if (runAs === undefined || canTraverse(dirname(dataDir), runAs)) return;
  throw new CutoverFault(
    'TOOL_UNUSABLE',
    `uid ${runAs.uid}, which runs PostgreSQL because it refuses root, cannot enter ${dirname(dataDir)}; choose a folder whose parents are open to all (mode 0755)`,
    { path: dataDir },
  );
}

async function writePrivateFile(path: string, text: string, owner: RunAs | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    if (owner !== undefined) await file.chown(owner.uid, owner.gid);
    await file.writeFile(`${text}\n`);
  } finally {
    await file.close();
  }
}

/** initdb's error line; the hints after it are about its own options. */
function initdbError(stderr: string): string {
  const line = stderr.split('\n').find((candidate) => /error|fatal/i.test(candidate));
  return line?.trim() ?? lastLine(stderr);
}
