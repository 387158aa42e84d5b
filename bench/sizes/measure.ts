import { type Client } from 'pg';

/** What one phase took. */
export interface Figures {
  readonly ms: number;
  /** Written to disk by sorts and the like, in the databases of the bench. */
  readonly tempBytes: number;
  readonly walBytes: number;
  /** More resident memory of the worker than before, at its highest. */
  readonly memoryBytes: number;
}

const SAMPLE_MS = 50;

/** @param client a session that does nothing else */
export async function measure(client: Client, work: () => Promise<unknown>): Promise<Figures> {
  const before = await counters(client);
  const resident = process.memoryUsage().rss;
  let highest = resident;
  const sampling = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), SAMPLE_MS);
  const startedAt = performance.now();
  try {
    await work();
  } finally {
    clearInterval(sampling);
  }
  const ms = performance.now() - startedAt;
  const after = await counters(client);
  return {
    ms,
    tempBytes: after.temp - before.temp,
    walBytes: after.wal - before.wal,
    memoryBytes: highest - resident,
  };
}

/** What sessions count reaches the statistics a second after their last statement at the latest. */
const FLUSH_MS = 1_200;

async function counters(client: Client): Promise<{ readonly temp: number; readonly wal: number }> {
  await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
  const { rows } = await client.query<{ temp: number; wal: number }>(
    `SELECT (SELECT sum(temp_bytes) FROM pg_stat_database)::float8 AS temp,
            pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal`,
  );
  return rows[0] ?? { temp: 0, wal: 0 };
}
