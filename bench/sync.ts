import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { guardTables, installArbiter } from '../hydra/arbiter';
import { installCapture } from '../hydra/capture';
import { OUR_ROLES } from '../domain/our-roles';
import { FORWARD } from '../domain/sides';
import { type SyncSides, becomeSyncer, prepareSync, syncRound } from '../hydra/sync';
import { type SqlClient } from '../domain/ports/sql-client';
import { EndpointProcess, MASTER_PASSWORD } from '../test/integration/world/rds/endpoint-fixture';
import { createHydraDatabase, migrateHydra } from '../world/hydra';
import { seed } from '../world/seeder';
import { resolveHydra } from '../world/toolchain';
import { copyPathOf } from '../hydra/paths';
import { type Cpu, cpuOf, cpuOfWorker } from './cpu';

const PATH = copyPathOf({ blue: '1.11.10', green: '2.3.0' });

const GRANTS = 10_000;
const BATCH_ROWS = Number(process.env['BENCH_BATCH_ROWS'] ?? 10_000);
const GOAL_PER_SECOND = 25_000;
const CORES = 2;
const ROTATIONS = 75;
const SMALL_ROUNDS = 15;
const CUTOVER = { cutoverId: 'bench' };
/** As the printed script makes it. */
const SYNC_ROLE_SQL = `CREATE ROLE ${OUR_ROLES.sync} LOGIN NOINHERIT; GRANT ${OUR_ROLES.sync} TO CURRENT_USER`;

/**
 * The sync from 1.11.10 to 2.3.0: a backlog of a whole history, and rounds of some hundred rows as under the fence. Baseline: the
 * same rows written once more inside green, into tables with the same indexes and without foreign keys.
 */
export async function run(): Promise<void> {
  const rds = await EndpointProcess.start();
  const clients: Client[] = [];
  try {
    const { Endpoint } = await rds.createInstance('both');
    const login = {
      host: Endpoint?.Address ?? '',
      port: Endpoint?.Port ?? 0,
      user: 'master',
      password: MASTER_PASSWORD,
    };
    const connect = async (side: 'blue' | 'green', as: Partial<typeof login> = {}): Promise<Client> => {
      const client = new Client({ ...login, ...as, database: `hydra_${side}`, pipeline: true });
      clients.push(client);
      await client.connect();
      return client;
    };
    for (const [side, version] of [
      ['blue', '1.11.10'],
      ['green', '2.3.0'],
    ] as const) {
      const database = { role: 'hydra', password: 'hydra-of-the-benchmark', database: `hydra_${side}` };
      const { host, port } = login;
      await createHydraDatabase(login, database);
      const binary = await resolveHydra(version, {});
      await migrateHydra({
        version,
        binary,
        host,
        port,
        database,
        secretsSystem: randomBytes(16).toString('hex'),
        runDir: rds.runDir,
        name: side,
      });
    }
    const [blue, green] = [await connect('blue'), await connect('green')];
    await installArbiter(blue, { side: 'blue', initialState: 'open', ...CUTOVER });
    await guardTables(blue);
    await installCapture(PATH, blue);
    await installArbiter(green, { side: 'green', initialState: 'closed', ...CUTOVER });
    await guardTables(green);
    await seed(blue, { profile: 'clean', grants: GRANTS, seed: 1, asOf: new Date().toISOString() });
    await green.query('ANALYZE');
    await green.query(SYNC_ROLE_SQL);
    const syncer = await becomeSyncer(green, {
      cutoverId: CUTOVER.cutoverId,
      schema: 'public',
      role: OUR_ROLES.sync,
      side: FORWARD.to,
    });
    const writer = await connect('green', syncer.login);
    const keeper = await connect('blue');
    const sides = await prepareSync(PATH, pipelined(blue), pipelined(writer), 'public', pipelined(keeper));
    const costs = { blue: await cpuOf(blue), green: await cpuOf(writer), marking: await cpuOf(keeper) };
    const syncing = { ...sides, direction: FORWARD, loginTtlMs: 1_800_000, ...syncer };
    await measure(syncing, await connect('blue'), green, { ...costs, worker: cpuOfWorker });
    await writer.end();
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    await rds.dispose();
  }
}

/** As sessions of a catch-up are. */
const pipelined = (client: Client): SqlClient => ({
  isPipelined: true,
  query: (text, values) => client.query(text, values),
});

async function measure(
  sides: SyncSides,
  traffic: Client,
  green: Client,
  costs: Readonly<Record<string, Cpu>>,
): Promise<void> {
  const memoryBefore = process.memoryUsage().rss;
  const before = Object.entries(costs).map(([name, cpu]) => [name, cpu(), cpu] as const);
  const big = await syncRound(sides, { batchRows: BATCH_ROWS });
  const spent = before.map(([name, ms, cpu]) => ({ name, ms: cpu() - ms }));
  const spentMs = spent.reduce((sum, { ms }) => sum + ms, 0);
  const memoryMb = Math.round((process.memoryUsage().rss - memoryBefore) / 2 ** 20);
  const baselineCpu = await cpuOf(green);
  const baselineBefore = baselineCpu();
  const baselineMs = await writeAgain(green);
  const baselineCpuMs = baselineCpu() - baselineBefore;
  const small = [];
  for (let round = 0; round < SMALL_ROUNDS; round += 1) {
    await rotate(traffic, round);
    small.push(await syncRound(sides, { batchRows: BATCH_ROWS }));
  }
  const empty = await syncRound(sides, { batchRows: BATCH_ROWS });
  const times = small.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const perSecond = (count: number, ms: number): string => `${Math.round((count * 1_000) / ms).toLocaleString('en')}/s`;
  print({
    'changes in the backlog': big.changes.toLocaleString('en'),
    'rows written on green': big.rows.toLocaleString('en'),
    'the backlog, carried': `${(big.durationMs / 1_000).toFixed(1)} s`,
    'changes (goal)': `${perSecond(big.changes, big.durationMs)} (${GOAL_PER_SECOND.toLocaleString('en')}/s)`,
    rows: perSecond(big.rows, big.durationMs),
    'the same rows written inside green': `${(baselineMs / 1_000).toFixed(1)} s, ${perSecond(big.rows, baselineMs)}`,
    'sync / written inside green (goal)': `${(big.durationMs / baselineMs).toFixed(1)} (5)`,
    'processor time': `${(spentMs / 1_000).toFixed(1)} s: ${spent.map(({ name, ms }) => `${name} ${(ms / 1_000).toFixed(2)} s`).join(', ')}`,
    'by processor time, on two idle cores': `${perSecond(big.changes, spentMs / CORES)}, ${(spentMs / CORES / baselineCpuMs).toFixed(1)} times the rows inside green (${(baselineCpuMs / 1_000).toFixed(2)} s)`,
    'resident memory, more than before': `${memoryMb} MB`,
    'changes, rows of a small round': `${small.at(-1)?.changes ?? 0}, ${small.at(-1)?.rows ?? 0}`,
    'small round, median and longest': `${times[Math.floor(times.length / 2)] ?? 0} ms, ${times.at(-1) ?? 0} ms`,
    'round without changes': `${empty.durationMs} ms`,
  });
}

/** @returns ms */
async function writeAgain(green: Client): Promise<number> {
  let ms = 0;
  for (const { name } of PATH.tables) {
    await green.query(`CREATE TABLE again (LIKE ${name} INCLUDING ALL)`);
    const startedAt = performance.now();
    await green.query(`INSERT INTO again SELECT * FROM ${name}`);
    ms += performance.now() - startedAt;
    await green.query('DROP TABLE again');
  }
  return ms;
}

/** What Hydra does for a refresh, for some chains at once. */
async function rotate(traffic: Client, round: number): Promise<void> {
  await traffic.query(
    `CREATE TEMP TABLE IF NOT EXISTS chains AS
       SELECT DISTINCT ON (request_id) * FROM hydra_oauth2_refresh WHERE active LIMIT ${ROTATIONS}`,
  );
  const request = 'request_id IN (SELECT request_id FROM chains)';
  await traffic.query('BEGIN');
  await traffic.query(`DELETE FROM hydra_oauth2_access WHERE ${request}`);
  await traffic.query(`UPDATE hydra_oauth2_refresh SET active = false WHERE ${request} AND active`);
  for (const table of ['access', 'refresh']) {
    await traffic.query(
      `INSERT INTO hydra_oauth2_${table} SELECT (json_populate_record(chains,
         json_build_object('signature', md5($1 || signature), 'requested_at', clock_timestamp() AT TIME ZONE 'utc'))).* FROM chains`,
      [`${table} ${round}`],
    );
  }
  await traffic.query('COMMIT');
}

function print(figures: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
}
