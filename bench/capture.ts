import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { CutoverFault } from '../domain/faults';
import {
  abortAttempt,
  beginAttempt,
  fence,
  guardTables,
  installArbiter,
  readArbiter,
  removeArbiter,
} from '../hydra/arbiter';
import { changeLogSize, installCapture, removeCapture } from '../hydra/capture';
import { EndpointProcess, MASTER_PASSWORD } from '../test/integration/world/rds/endpoint-fixture';
import { startHydra } from '../test/support/hydra';
import { publishSharedServers } from '../test/support/shared-servers';
import { createHydraDatabase, hydraDsn, migrateHydra } from '../world/hydra';
import {
  OauthHttp,
  adminLoginApp,
  createOauthClient,
  grantTokens,
  refreshTokens,
  type OauthClient,
} from '../world/oauth';
import { resolveHydra } from '../world/toolchain';
import { LEVELS, measureLevels } from './capture-levels';
import { copyPathOf } from '../hydra/paths';

const PATH = copyPathOf({ blue: '1.11.10', green: '2.3.0' });

const LANES = 4;
const CHAINS_PER_LANE = 10;
const ROUNDS = 15;
const ROUND_MS = 1_200;
const LOCK_TIMEOUT_MS = 2_000;
const GOAL = 0.95;
const DATABASE = 'hydra_bench';
const VARIANTS = ['without', 'with'] as const;
type Variant = (typeof VARIANTS)[number];

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * What capture and an armed guard cost Hydra 1.11.10: refresh-token rotations per second (its heaviest write) and their latency,
 * with and without, in alternation over the same chains; then what the two kinds of triggers cost inside PostgreSQL.
 */
export async function run(): Promise<void> {
  const rds = await EndpointProcess.start();
  try {
    const { Endpoint } = await rds.createInstance('blue');
    const login = {
      host: Endpoint?.Address ?? '',
      port: Endpoint?.Port ?? 0,
      user: 'master',
      password: MASTER_PASSWORD,
    };
    const database = { role: 'hydra', password: randomBytes(12).toString('hex'), database: DATABASE };
    const binary = await resolveHydra('1.11.10', {});
    await createHydraDatabase(login, database);
    const { host, port } = login;
    const migration = { host, port, database, secretsSystem: 'a-secret-of-the-benchmark', runDir: rds.runDir };
    await migrateHydra({ version: '1.11.10', binary, ...migration, name: 'migrate-bench' });
    publishSharedServers({
      postgres: login,
      binaries: { hydra11110: binary, hydra220: '', hydra230: '', temporalCli: '', temporalTestServer: '', etcd: '' },
    });
    const hydra = await startHydra({
      version: '1.11.10',
      database: { ...login, user: database.role, password: database.password, database: DATABASE },
      loginAppUrl: 'http://127.0.0.1:9',
      // With its default of two idle connections for each CPU it opens new ones all the time, and measures that.
      extra: { DSN: hydraDsn(host, port, database) },
    });
    const ours = new Client({ ...login, database: DATABASE });
    const http = new OauthHttp(hydra, { forwardedProto: true });
    try {
      await ours.connect();
      await measureHydra(http, ours);
      await measureTriggers(ours);
    } finally {
      await http.close();
      await ours.end();
      await hydra.stop();
    }
  } finally {
    await rds.dispose();
  }
}

async function measureHydra(http: OauthHttp, ours: Client): Promise<void> {
  const client = await createOauthClient(http, { public: true });
  const lanes = await Promise.all(Array.from({ length: LANES }, (_, lane) => makeChains(http, client, lane)));
  const rounds: Record<Variant, Round[]> = { without: [], with: [] };
  await rotate(http, client, lanes);
  let logged = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    // The one that goes second meets longer chains; each goes second as often.
    for (const variant of round % 2 === 0 ? VARIANTS : [...VARIANTS].reverse()) {
      if (variant === 'with') await arm(ours);
      rounds[variant].push(await rotate(http, client, lanes));
      if (variant === 'without') continue;
      logged += (await changeLogSize(ours)).undone;
      await removeCapture(ours);
      await removeArbiter(ours);
    }
  }
  say(
    `${ROUNDS} rounds in alternation, medians; refresh-token rotations of ${LANES} clients at once, ${ROUND_MS} ms each`,
  );
  for (const variant of VARIANTS) {
    const [perSecond, p50, p99] = (['perSecond', 'p50Ms', 'p99Ms'] as const).map((key) => middle(rounds[variant], key));
    say(`  ${variant.padEnd(8)} ${perSecond?.toFixed(1)}/s   p50 ${p50?.toFixed(1)} ms   p99 ${p99?.toFixed(1)} ms`);
  }
  // Of neighbours in time: what else the machine does changes from second to second.
  const ratios = rounds.with.map((round, i) => round.perSecond / (rounds.without[i]?.perSecond ?? NaN));
  ratios.sort((a, b) => a - b);
  const [low, ratio, high] = [0.25, 0.5, 0.75].map((share) => ratios[Math.floor((ROUNDS - 1) * share)]?.toFixed(3));
  say(
    `with / without, by round: ${ratio} (quartiles ${low} and ${high}; goal: at least ${GOAL}); ${logged} changes logged`,
  );
}

/** A fence that was given up: from then on guards read their row. */
async function arm(ours: Client): Promise<void> {
  await installArbiter(ours, { side: 'blue', cutoverId: 'bench', initialState: 'open' });
  await guardTables(ours);
  await installCapture(PATH, ours);
  const begun = await beginAttempt(ours, { epoch: 1, holdDeadlineMs: 60_000, marginMs: 0 });
  if (!begun.ok) throw new CutoverFault('INTERNAL', `no attempt: ${begun.reason}`);
  await fence(ours, begun.attempt, LOCK_TIMEOUT_MS);
  await abortAttempt(ours, begun.attempt, 'bench', LOCK_TIMEOUT_MS);
  const { armed, refused } = await readArbiter(ours);
  if (!armed || refused !== 0) throw new CutoverFault('INTERNAL', `armed ${armed}, refused ${refused ?? 'unknown'}`);
}

async function makeChains(http: OauthHttp, client: OauthClient, lane: number): Promise<string[]> {
  const chains: string[] = [];
  for (let chain = 0; chain < CHAINS_PER_LANE; chain += 1) {
    const loginApp = adminLoginApp(http, { subject: `subject-${lane}-${chain}` });
    const { tokens } = await grantTokens(http, { client, loginApp });
    chains.push(tokens.refreshToken ?? '');
  }
  return chains;
}

async function rotate(http: OauthHttp, client: OauthClient, lanes: string[][]): Promise<Round> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    lanes.map(async (chains) => {
      for (let i = 0; performance.now() - startedAt < ROUND_MS; i = (i + 1) % chains.length) {
        const sentAt = performance.now();
        chains[i] = (await refreshTokens(http, client, chains[i] ?? '')).refreshToken ?? '';
        latencies.push(performance.now() - sentAt);
      }
    }),
  );
  const perSecond = (latencies.length * 1_000) / (performance.now() - startedAt);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? NaN;
  return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function measureTriggers(ours: Client): Promise<void> {
  const taken = await measureLevels(ours);
  say('one single-row insert inside PostgreSQL, medians of 5 alternating rounds');
  for (const level of LEVELS) say(`  ${level.padEnd(15)} ${taken[level].toFixed(1)} µs`);
}

function middle(rounds: readonly Round[], key: keyof Round): number {
  return rounds.map((round) => round[key]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? NaN;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
