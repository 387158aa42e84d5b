import { setTimeout as sleep } from 'node:timers/promises';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';

/** Its two halves are keys of an advisory lock; sessions of ours alone use them. */
const ACTS = `hashtext('hydra_cutover'), hashtext('acts in place')`;
const POLL_MS = 200;
/** Who acts has a statement under way nearly all of the time. */
const SILENT_MS = 2_000;

interface Waiting {
  readonly signal: AbortSignal;
  readonly heartbeat: (progress: Readonly<Record<string, unknown>>) => void;
  /** How long another session may do nothing. */
  readonly silentMs?: number;
}

interface Holder {
  readonly who: string;
  /** Null: a statement of it is under way. */
  readonly silentMs: number | null;
}

/**
 * From its return until the session ends no other session of ours changes anything of an upgrade in place.
 *
 * A worker that froze looks dead to Temporal, and the next try begins; when it goes on it would drop by its name what that try has
 * built. So its session is ended once it does nothing. A statement that it has under way, as the build of an index, is waited for. A live
 * worker that is taken for a frozen one loses a session, and goes on from the catalog at its next try.
 */
export async function actAlone(client: SqlClient, { signal, heartbeat, silentMs = SILENT_MS }: Waiting): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const [lock] = await queryRows<{ mine: boolean }>(client, `SELECT pg_try_advisory_lock(${ACTS}) AS mine`);
    if (lock?.mine === true) return;
    const [holder] = await queryRows<Holder & { pid: number }>(client, HOLDER_SQL);
    heartbeat({ step: 'waits for an earlier try', waitsFor: holder?.who ?? null });
    if (holder !== undefined && holder.silentMs !== null && holder.silentMs >= silentMs) {
      await client.query(END_SQL, [holder.pid, silentMs]);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

const HOLDERS = `pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.database = a.datid AND a.datname = current_database()
    AND l.classid = (hashtext('hydra_cutover')::bit(32)::bigint)::oid AND l.objid = (hashtext('acts in place')::bit(32)::bigint)::oid`;

const HOLDER_SQL = `SELECT a.pid, format('process %s of role %s', a.pid, a.usename) AS who,
  CASE WHEN a.state LIKE 'idle%' THEN extract(epoch FROM clock_timestamp() - a.state_change)::float8 * 1000 END AS "silentMs" FROM ${HOLDERS}`;

/** Asked once more where it is ended: it may have gone on meanwhile. */
const END_SQL = `SELECT pg_terminate_backend(a.pid) FROM ${HOLDERS} AND a.pid = $1
  AND a.state LIKE 'idle%' AND a.state_change <= clock_timestamp() - make_interval(secs => $2::float8 / 1000)`;
