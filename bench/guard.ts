import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { CutoverFault } from '../domain/faults';
import { queryRows, type SqlClient } from '../domain/ports/sql-client';
import { abortAttempt, beginAttempt, fence, guardTables, installArbiter } from '../hydra/arbiter';
import { EndpointProcess, MASTER_PASSWORD } from '../test/integration/world/rds/endpoint-fixture';
import { createHydraDatabase, migrateHydra } from '../world/hydra';
import { resolveHydra } from '../world/toolchain';
import {
  emptyTables,
  type Level,
  makeTables,
  REFRESHES,
  SINGLE_UPDATES,
  type Transactions,
} from './guard-transactions';

const SESSIONS = [4, 16, 64] as const;
const LEVELS: readonly Level[] = ['READ COMMITTED', 'REPEATABLE READ'];
const VARIANTS = ['without', 'unarmed', 'armed'] as const;
type Variant = (typeof VARIANTS)[number];
const ROUNDS = 15;
const ROUND_MS = 400;
const GOAL = 0.9;
const LOCK_TIMEOUT_MS = 10_000;
const SERVER_CONNECTIONS = 64;
/** In one message: what the client costs would hide what the guard does. */
const TOGETHER = 20;

/**
 * What a guard costs the writers that meet at it, as transactions per second: refreshes as Hydra makes them, and the smallest transaction
 * that there is, each session in rows of its own. Without a guard, with one that was never armed, and with one that is; a round has all
 * three, in changing order, and ratios are those within a round.
 */
export async function run(): Promise<void> {
  const rds = await EndpointProcess.start();
  try {
    const { Endpoint } = await rds.createInstance('blue');
    const [host, port] = [Endpoint?.Address ?? '', Endpoint?.Port ?? 0];
    const master = { host, port, user: 'master', password: MASTER_PASSWORD };
    const database = { role: 'hydra', password: randomBytes(12).toString('hex'), database: 'hydra_bench' };
    await createHydraDatabase(master, database);
    const binary = await resolveHydra('1.11.10', {});
    const migration = { host, port, database, secretsSystem: 'a-secret-of-the-benchmark', runDir: rds.runDir };
    await migrateHydra({ version: '1.11.10', binary, ...migration, name: 'migrate-bench' });
    const ours = new Client({ ...master, database: database.database });
    await ours.connect();
    try {
      await measureAll(ours, (max) => new Pool({ ...master, database: database.database, max }));
    } finally {
      await ours.end();
    }
  } finally {
    await rds.dispose();
  }
}

async function measureAll(ours: Client, connect: (sessions: number) => Pool): Promise<void> {
  await makeTables(ours, SERVER_CONNECTIONS);
  await installArbiter(ours, { side: 'blue', cutoverId: 'bench', initialState: 'open' });
  await guardTables(ours);
  const switches = await makeSwitches(ours);
  for (const transactions of [REFRESHES, SINGLE_UPDATES]) {
    for (const sessions of SESSIONS) {
      const pool = connect(sessions);
      try {
        for (const level of LEVELS) await measure(switches, pool, { transactions, sessions, level });
      } finally {
        await pool.end();
      }
    }
  }
}

interface Measured {
  readonly transactions: Transactions;
  readonly sessions: number;
  readonly level: Level;
}

async function measure(switches: Switches, pool: Pool, measured: Measured): Promise<void> {
  const { transactions, sessions, level } = measured;
  const perSecond: Record<Variant, number[]> = { without: [], unarmed: [], armed: [] };
  const turned = (round: number) => VARIANTS.map((_, place) => VARIANTS[(place + round) % VARIANTS.length] ?? 'armed');
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const variant of turned(round)) {
      await switches.turnTo(variant);
      perSecond[variant].push(await writeFor(pool, measured));
    }
  }
  const ratio = (one: Variant, other: Variant): string =>
    middle(perSecond[one].map((value, round) => value / (perSecond[other][round] ?? NaN))).toFixed(2);
  const rates = VARIANTS.map((variant) => `${variant} ${middle(perSecond[variant]).toFixed(0)}/s`).join('  ');
  process.stdout.write(
    `${transactions.what.padEnd(14)} ${String(sessions).padStart(3)} sessions, ${level.padEnd(15)}  ${rates}  ` +
      `armed/unarmed ${ratio('armed', 'unarmed')} (goal: at least ${GOAL})  armed/without ${ratio('armed', 'without')}\n`,
  );
}

interface Switches {
  turnTo: (variant: Variant) => Promise<void>;
}

/** A fence that was given up leaves guards armed: turned off and on by what it left, and guards by their triggers. */
async function makeSwitches(ours: SqlClient): Promise<Switches> {
  const begun = await beginAttempt(ours, { epoch: 1, holdDeadlineMs: 60_000, marginMs: 0 });
  if (!begun.ok) throw new CutoverFault('INTERNAL', `no attempt: ${begun.reason}`);
  const fenced = await fence(ours, begun.attempt, LOCK_TIMEOUT_MS);
  if (!fenced.ok) throw new CutoverFault('INTERNAL', `no fence: ${fenced.reason}`);
  await abortAttempt(ours, begun.attempt, 'bench', LOCK_TIMEOUT_MS);
  const [{ armed } = { armed: '0' }] = await queryRows<{ armed: string }>(
    ours,
    'SELECT last_value::text AS armed FROM hydra_cutover.armed',
  );
  const tables = ['hydra_bench', 'hydra_oauth2_access', 'hydra_oauth2_refresh'];
  const triggers = (how: string) =>
    tables.map((table) => `ALTER TABLE ${table} ${how} TRIGGER hydra_cutover_guard`).join(';');
  return {
    turnTo: async (variant) => {
      await ours.query(triggers('DISABLE'));
      await emptyTables(ours);
      if (variant !== 'without') await ours.query(triggers('ENABLE ALWAYS'));
      await ours.query(`SELECT setval('hydra_cutover.armed', ${variant === 'armed' ? armed : '0'})`);
    },
  };
}

async function writeFor(pool: Pool, { transactions, sessions, level }: Measured): Promise<number> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => pool.connect()));
  try {
    await Promise.all(
      clients.map((client) => client.query(`DEALLOCATE ALL; ${transactions.prepare} SET synchronous_commit = off`)),
    );
    const startedAt = performance.now();
    const counts = await Promise.all(
      clients.map(async (client, session) => {
        let done = 0;
        for (; performance.now() - startedAt < ROUND_MS; done += TOGETHER) {
          const numbers = Array.from({ length: TOGETHER }, (_, next) => done + next);
          await client.query(numbers.map((number) => transactions.one(session, number, level)).join(' '));
        }
        return done;
      }),
    );
    return (counts.reduce((sum, each) => sum + each, 0) * 1_000) / (performance.now() - startedAt);
  } finally {
    for (const client of clients) client.release();
  }
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
