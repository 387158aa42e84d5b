import { setTimeout as sleep } from 'node:timers/promises';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { hasSqlState } from '../sql-state';
import { assertNotOthers } from './keep-plan';
import { IN_PLACE_SCHEMA } from './our-schemas';

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
  readonly pid: number;
  readonly who: string;
  readonly isMine: boolean;
  /** Null: a statement of it is under way. */
  readonly silentMs: number | null;
}

/**
 * From its return until the session ends no other session of ours changes anything of an upgrade in place.
 *
 * Who acts is a row of ours, which counts for as long as the session that it names lives. It is no advisory lock: every login may take one
 * whose key it knows, or sees in pg_locks, and keep us waiting for ever.
 *
 * A worker that froze looks dead to Temporal, and the next try begins; when it goes on it would drop by its name what that try has
 * built. So its session is ended once it does nothing. A statement that it has under way, as the build of an index, is waited for. A live
 * worker that is taken for a frozen one loses a session, and goes on from the catalog at its next try.
 *
 * @throws CutoverFault CHECK_FAILED when the schema of ours is somebody else's
 */
export async function actAlone(client: SqlClient, { signal, heartbeat, silentMs = SILENT_MS }: Waiting): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const holder = await claim(client);
    if (holder?.isMine === true) return;
    heartbeat({ step: 'waits for an earlier try', waitsFor: holder?.who ?? null });
    if (holder !== undefined && holder.silentMs !== null && holder.silentMs >= silentMs) {
      await client.query(END_SQL, [holder.pid, silentMs]);
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** For an actor who finds that nothing is kept: takes his own trace away, with the schema where nothing else is in it. */
export async function leaveNoTrace(client: SqlClient): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${IN_PLACE_SCHEMA}.actor`);
  await client.query(`DROP SCHEMA IF EXISTS ${IN_PLACE_SCHEMA}`).catch((error: unknown) => {
    if (!hasSqlState(error, 'dependentObjects')) throw error;
  });
}

/** @returns who acts, which may be the caller; undefined when that changed meanwhile */
async function claim(client: SqlClient): Promise<Holder | undefined> {
  await assertNotOthers(client);
  try {
    await client.query(CLAIM_SQL);
  } catch (error) {
    // Two that make the same at once, or one that makes what another removes.
    if (hasSqlState(error, ...BESIDE_ANOTHER)) return undefined;
    throw error;
  }
  return (await queryRows<Holder>(client, HOLDER_SQL))[0];
}

const BESIDE_ANOTHER = ['uniqueViolation', 'duplicateSchema', 'duplicateTable', 'noSuchSchema', 'noSuchTable'] as const;

/** Of the session that a row names; another one may have its number by now. What our role may not see counts as the same. */
const IS_ALIVE = `a.pid = it.pid AND a.usename = it.role AND a.datname = current_database() AND coalesce(a.backend_start = it.began_at, true)`;

/** One message, so that whoever freezes has it done or not. In a schema that nobody else may use, so that nobody else may lock the table. */
const CLAIM_SQL = `DO $claim$ BEGIN
  IF to_regclass('${IN_PLACE_SCHEMA}.actor') IS NULL THEN
    CREATE SCHEMA IF NOT EXISTS ${IN_PLACE_SCHEMA};
    REVOKE ALL ON SCHEMA ${IN_PLACE_SCHEMA} FROM PUBLIC;
    CREATE TABLE IF NOT EXISTS ${IN_PLACE_SCHEMA}.actor (one boolean PRIMARY KEY DEFAULT true CHECK (one), pid integer, role text, began_at timestamptz);
    INSERT INTO ${IN_PLACE_SCHEMA}.actor DEFAULT VALUES ON CONFLICT DO NOTHING;
  END IF;
  -- Who lives is looked at after that: a session that is not in the first look may hold the row by now.
  LOCK TABLE ${IN_PLACE_SCHEMA}.actor IN SHARE UPDATE EXCLUSIVE MODE;
  UPDATE ${IN_PLACE_SCHEMA}.actor AS it SET pid = me.pid, role = me.usename, began_at = me.backend_start
    FROM pg_stat_activity AS me
   WHERE me.pid = pg_backend_pid() AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE ${IS_ALIVE});
END $claim$`;

const HOLDERS = `${IN_PLACE_SCHEMA}.actor AS it JOIN pg_stat_activity AS a ON ${IS_ALIVE}`;

const HOLDER_SQL = `SELECT a.pid, format('process %s of role %s', a.pid, a.usename) AS who, a.pid = pg_backend_pid() AS "isMine",
  CASE WHEN a.state LIKE 'idle%' THEN extract(epoch FROM clock_timestamp() - a.state_change)::float8 * 1000 END AS "silentMs" FROM ${HOLDERS}`;

/** Asked once more where it is ended: it may have gone on meanwhile. */
const END_SQL = `SELECT pg_terminate_backend(a.pid) FROM ${HOLDERS} WHERE a.pid = $1
  AND a.state LIKE 'idle%' AND a.state_change <= clock_timestamp() - make_interval(secs => $2::float8 / 1000)`;
