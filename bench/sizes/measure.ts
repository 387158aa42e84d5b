import { type Client } from 'pg';
import { type Cpu, cpuOfThisAndItsPrograms } from '../cpu';

/** What one phase took. */
export interface Figures {
  readonly ms: number;
  /** Processor time of the server, of the worker and of the programs that it started: other work disturbs it less than the clock. */
  readonly cpuMs: number;
  /** Written to disk by sorts and the like, in the databases of the bench. */
  readonly tempBytes: number;
  readonly walBytes: number;
  /** More resident memory of the worker than before, at its highest. */
  readonly memoryBytes: number;
}

const SAMPLE_MS = 50;

/**
 * @param client a session that does nothing else
 * @param cpuOfServer of the server of that session
 */
export async function measure(client: Client, cpuOfServer: Cpu, work: () => Promise<unknown>): Promise<Figures> {
  const before = await counters(client);
  const cpu = () => cpuOfServer() + cpuOfThisAndItsPrograms();
  const cpuBefore = cpu();
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
  const cpuMs = cpu() - cpuBefore;
  const after = await counters(client);
  return {
    ms,
    cpuMs,
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
