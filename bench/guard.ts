import { Client, Pool } from 'pg';
import { CutoverFault } from '../domain/faults';
import { abortAttempt, beginAttempt, fence, guardTables, installArbiter, removeArbiter } from '../hydra/arbiter';
import { EndpointProcess, MASTER_PASSWORD } from '../test/integration/world/rds/endpoint-fixture';

const SESSIONS = [4, 16, 64] as const;
const LEVELS = ['READ COMMITTED', 'REPEATABLE READ'] as const;
const VARIANTS = ['without', 'unarmed', 'armed'] as const;
type Variant = (typeof VARIANTS)[number];
const ROUNDS = 5;
const ROUND_MS = 1_500;
const GOAL = 0.9;
const LOCK_TIMEOUT_MS = 2_000;
const SERVER_CONNECTIONS = 64;

/**
 * What a guard costs the writers that meet at it: transactions per second of single-row updates, each session in rows of its own, without
 * a guard, with one that was never armed, and with one that is. Rounds alternate; ratios are those of neighbours in time.
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
    const ours = new Client({ ...login, database: 'postgres' });
    await ours.connect();
    try {
      await ours.query(`CREATE TABLE hydra_bench (id int PRIMARY KEY, n int NOT NULL) WITH (fillfactor = 50);
        INSERT INTO hydra_bench SELECT i, 0 FROM generate_series(1, ${SERVER_CONNECTIONS}) i`);
      for (const sessions of SESSIONS) {
        const pool = new Pool({ ...login, database: 'postgres', max: sessions });
        try {
          for (const level of LEVELS) await measure(ours, pool, sessions, level);
        } finally {
          await pool.end();
        }
      }
    } finally {
      await ours.end();
    }
  } finally {
    await rds.dispose();
  }
}

async function measure(ours: Client, pool: Pool, sessions: number, level: (typeof LEVELS)[number]): Promise<void> {
  const perSecond: Record<Variant, number[]> = { without: [], unarmed: [], armed: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const variant of VARIANTS) {
      await prepare(ours, variant);
      perSecond[variant].push(await writeFor(pool, sessions, level));
    }
  }
  const ratio = (one: Variant, other: Variant): string =>
    middle(perSecond[one].map((value, round) => value / (perSecond[other][round] ?? NaN))).toFixed(2);
  const rates = VARIANTS.map((variant) => `${variant} ${middle(perSecond[variant]).toFixed(0)}/s`).join('  ');
  process.stdout.write(
    `${String(sessions).padStart(3)} sessions, ${level.padEnd(15)}  ${rates}  armed/unarmed ${ratio('armed', 'unarmed')} ` +
      `(goal: at least ${GOAL})  armed/without ${ratio('armed', 'without')}\n`,
  );
}

/** A fence that was given up leaves the guard armed. */
async function prepare(ours: Client, variant: Variant): Promise<void> {
  await removeArbiter(ours);
  if (variant === 'without') return;
  await installArbiter(ours, { side: 'blue', cutoverId: 'bench', initialState: 'open' });
  await guardTables(ours);
  if (variant === 'unarmed') return;
  const begun = await beginAttempt(ours, { epoch: 1, holdDeadlineMs: 60_000, marginMs: 0 });
  if (!begun.ok) throw new CutoverFault('INTERNAL', `no attempt: ${begun.reason}`);
  await fence(ours, begun.attempt, LOCK_TIMEOUT_MS);
  await abortAttempt(ours, begun.attempt, 'bench', LOCK_TIMEOUT_MS);
}

/** Many transactions in one round trip: what the client costs would hide what the guard does. */
async function writeFor(pool: Pool, sessions: number, level: string): Promise<number> {
  const startedAt = performance.now();
  const done = await Promise.all(
    Array.from({ length: sessions }, async (_, session) => {
      const client = await pool.connect();
      let transactions = 0;
      try {
        const one = `BEGIN ISOLATION LEVEL ${level}; UPDATE hydra_bench SET n = n + 1 WHERE id = ${session + 1}; COMMIT;`;
        await client.query('SET synchronous_commit = off');
        for (; performance.now() - startedAt < ROUND_MS; transactions += 20) await client.query(one.repeat(20));
      } finally {
        client.release();
      }
      return transactions;
    }),
  );
  return (done.reduce((sum, each) => sum + each, 0) * 1_000) / (performance.now() - startedAt);
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
