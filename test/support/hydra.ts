import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PREFIX, HYDRA_LAUNCH_FACTS } from '../../hydra/versions';
import { hydraDsn, hydraProcess } from '../../world/hydra';
import { freePort } from '../../world/net/free-port';
import { type LaunchedVersion } from '../../world/toolchain/types';
import { hydraBinary } from './hydra-binary';
import { type TestDatabase } from './database';
import { KeptKeys } from './kept-keys';

export interface TestHydraOptions {
  readonly version: LaunchedVersion;
  /** Migrated already: `useDatabase('hydra_1_11_10')` or `useDatabase('hydra_2_3_0')`. */
  readonly database: TestDatabase['config'];
  /** Of the login app; pages are `/login`, `/consent`, `/logout` and `/error` below it. */
  readonly loginAppUrl: string;
  /** What clients are told; several Hydras behind one gateway share it. @default an https address of its own public port */
  readonly issuer?: string;
  /** @default one that all test Hydras share */
  readonly secretsSystem?: string;
  readonly extra?: Readonly<Record<string, string>>;
  /** Signing keys that no other test Hydra has. @default false */
  readonly hasOwnKeys?: boolean;
}

export interface TestHydra {
  readonly version: LaunchedVersion;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly adminPrefix: '' | '/admin';
  readonly issuer: string;
  readonly pid: number;
  /** What it logged so far about requests that it could not answer: one line each, the first few. */
  complaints: () => readonly string[];
  /** SIGKILL by default: nothing in Hydra needs an orderly end. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

const POLL_MS = 100;
/** More than the world gives it: here others use the same cores. */
const READY_TIMEOUT_MS = 240_000;
const SECRET = 'test-secret-of-all-test-hydras';
const COMPLAINTS_MAX = 20;
/** So much of a Hydra's output is kept to explain why it did not start. */
const OUTPUT_LIMIT = 4_000;

/** Starts a real Hydra and waits until it is ready: with the signing keys of an earlier one, where there was one. */
export async function startHydra(options: TestHydraOptions): Promise<TestHydra> {
  const { version, database, secretsSystem = SECRET } = options;
  if (options.hasOwnKeys === true) return start(options);
  const keys = new KeptKeys(database, version, secretsSystem);
  await keys.give();
  const hydra = await start(options);
  const stop = async (signal?: NodeJS.Signals): Promise<void> => {
    await hydra.stop(signal);
    await keys.keep();
  };
  return { ...hydra, stop };
}

async function start(options: TestHydraOptions): Promise<TestHydra> {
  const { version, database } = options;
  const [publicPort, adminPort] = [await freePort(), await freePort()];
  const issuer = options.issuer ?? `https://127.0.0.1:${publicPort}/`;
  const password = typeof database.password === 'string' ? database.password : '';
  const spec = hydraProcess({
    name: `hydra-${version}`,
    version,
    binary: await hydraBinary(version),
    launch: {
      dsn: hydraDsn(database.host, database.port, { role: database.user, password, database: database.database }),
      secretsSystem: options.secretsSystem ?? SECRET,
      publicPort,
      adminPort,
      issuer,
      loginUrl: `${options.loginAppUrl}/login`,
      consentUrl: `${options.loginAppUrl}/consent`,
      logoutUrl: `${options.loginAppUrl}/logout`,
      extra: { URLS_ERROR: `${options.loginAppUrl}/error`, ...options.extra },
    },
  });
  const child = spawn(spec.command, [...spec.args], { env: spec.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = keepOutput(child);
  const complaints = keepComplaints(child);
  const killed = (): boolean => child.kill('SIGKILL');
  process.once('exit', killed);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    process.removeListener('exit', killed);
    child.kill(signal);
    await exited;
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await spec.ready().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`Hydra ${version} did not become ready; it said: ${output()}`);
    }
    await sleep(POLL_MS);
  }
  return {
    version,
    publicUrl: `http://127.0.0.1:${publicPort}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    adminPrefix: ADMIN_PREFIX[HYDRA_LAUNCH_FACTS[version].apiGeneration],
    issuer,
    pid: child.pid ?? 0,
    complaints: () => complaints,
    stop,
  };
}

function keepOutput(child: ChildProcess): () => string {
  let text = '';
  const keep = (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(-OUTPUT_LIMIT));
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => text;
}

/** A request that is refused is logged as an error, too: what is kept is what Hydra itself calls its own failure, or nobody's. */
function keepComplaints(child: ChildProcess): readonly string[] {
  const complaints: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      const isComplaint = /level=(error|fatal)/.test(line) && !/status_code[:=]4\d\d/.test(line);
      if (isComplaint && complaints.length < COMPLAINTS_MAX) complaints.push(line.slice(0, OUTPUT_LIMIT));
    });
  }
  return complaints;
}
