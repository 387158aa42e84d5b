import { setTimeout as sleep } from 'node:timers/promises';
import { queryRows } from '../../domain/ports/sql-client';
import { type ActTools } from './run-acts';

const LOOK_MS = 1_000;

/**
 * Says how far a statement on an index is and whom it waits for, as the server shows it to other sessions, while it runs.
 *
 * @param what how the heartbeat calls it
 * @throws the error of the statement | the signal's reason
 */
export async function watched(
  tools: ActTools,
  what: { readonly step: 'building' | 'dropping'; readonly index: string },
  run: () => Promise<unknown>,
): Promise<void> {
  const { client, heartbeat, watch, signal } = tools;
  const [session] = await queryRows<{ pid: number }>(client, 'SELECT pg_backend_pid() AS pid');
  const ended = new AbortController();
  let phaseBegan = { phase: '', atMs: 0 };
  const look = async () => {
    while (!ended.signal.aborted) {
      const [row] = await watch<Seen>(lookSql(session?.pid ?? 0)).catch(() => []);
      const phase = row?.phase ?? 'begins';
      if (phase !== phaseBegan.phase) phaseBegan = { phase, atMs: Date.now() };
      const share = row?.share ?? null;
      heartbeat({
        ...what,
        // The server tells phases of a build alone.
        ...(what.step === 'building' ? { phase } : {}),
        waitsFor: row?.waitsFor ?? null,
        percent: share === null ? null : Math.floor(share * 100),
        leftMs: share === null || share === 0 ? null : leftOf(share, Date.now() - phaseBegan.atMs),
      });
      await sleep(LOOK_MS, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  };
  const looking = look();
  try {
    await run();
    signal.throwIfAborted();
  } finally {
    ended.abort();
    await looking;
  }
}

function leftOf(share: number, elapsedMs: number): number {
  return Math.round((elapsedMs / share) * (1 - share));
}

interface Seen {
  /** Of a build; null: the server tells nothing of this statement. */
  readonly phase: string | null;
  /** Of this phase, 0 to 1; null: it waits, or nothing is counted in it. */
  readonly share: number | null;
  /** Whose transactions must end before it goes on; null: nobody's. */
  readonly waitsFor: string | null;
}

/**
 * A transaction that is prepared has no process (0 among the blocking ones), so it is found by the lock that is waited for.
 *
 * Source: PostgreSQL manual, "CREATE INDEX Progress Reporting": phases that wait keep the counts of the one before.
 */
function lookSql(pid: number): string {
  return `SELECT phase,
    CASE WHEN phase LIKE 'waiting%' THEN NULL WHEN phase LIKE '%tuples%' THEN tuples_done::float8 / nullif(tuples_total, 0)
         ELSE blocks_done::float8 / nullif(blocks_total, 0) END AS share,
    (SELECT string_agg(who, ', ') FROM (
       SELECT format('process %s of role %s, whose transaction is open for %s s', a.pid, a.usename,
                coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::int::text, 'an unknown number of'))
         FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids(${pid}))
       UNION ALL
       SELECT format('prepared transaction %L of role %s, prepared %s s ago', x.gid, x.owner, extract(epoch FROM clock_timestamp() - x.prepared)::int)
         FROM pg_prepared_xacts x JOIN pg_locks l ON l.transactionid = x.transaction AND l.pid = ${pid} AND NOT l.granted
     ) AS waited(who)) AS "waitsFor"
  FROM (SELECT ${pid}) AS own(pid) LEFT JOIN pg_stat_progress_create_index USING (pid)`;
}
