import { createHash } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { sqlFile } from '../sql-file';
import { assertNotOthers } from './keep-plan';
import { COMPATIBILITY_SCHEMA, IN_PLACE_SCHEMA } from './our-schemas';

/** Expression for the key of the advisory lock by which the session `pid` is told. */
const keyOf = (secret: string, pid: string): string =>
  `('x' || substr(encode(sha256(convert_to(${secret} || ${pid}, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint`;

/**
 * Common table expressions `locks` and, of the sessions in `old`, `mark`: whether each took its lock, and whether somebody else holds it.
 *
 * @param secret placeholder of {@link readMarksSecret}, which may be NULL: then nobody has a mark
 * Source: PostgreSQL manual, "pg_locks": a key of one bigint stands in `classid` and `objid`, with `objsubid` 1.
 */
export const marksSql = (secret: string): string => `
  locks AS MATERIALIZED (
    SELECT l.pid, ((l.classid::bigint << 32) | l.objid::bigint) AS key FROM pg_locks l JOIN pg_database d ON d.oid = l.database
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND d.datname = current_database()),
  mark AS (
    SELECT o.pid, EXISTS (SELECT 1 FROM locks l WHERE l.key = k.key AND l.pid = o.pid) AS taken,
           EXISTS (SELECT 1 FROM locks l WHERE l.key = k.key AND l.pid <> o.pid) AS "byOthers"
      FROM old o CROSS JOIN LATERAL (SELECT ${keyOf(`${secret}::text`, 'o.pid')} AS key) AS k)`;

/** @returns null when no run is kept, so that nobody looks through views of ours */
export async function readMarksSecret(client: SqlClient): Promise<string | null> {
  if (!(await assertNotOthers(client))) return null;
  const [made] = await queryRows<{ is: boolean }>(
    client,
    `SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = '${IN_PLACE_SCHEMA}.run'::regclass AND attname = 'marks_secret') AS is`,
  );
  // An earlier version of this tool kept the run.
  if (made?.is !== true) return null;
  const [kept] = await queryRows<{ secret: string }>(
    client,
    `SELECT marks_secret AS secret FROM ${IN_PLACE_SCHEMA}.run`,
  );
  return kept?.secret ?? null;
}

interface MarksPlace {
  /** Of Hydra's tables. */
  readonly owner: string;
  /** What the old version logs in as. */
  readonly oldRole: string;
}

/**
 * Lets the old version's sessions be told by what the kept run knows, also where an earlier version of this tool laid the views. Idempotent.
 */
export async function layMarks(client: SqlClient, place: MarksPlace): Promise<void> {
  const secret = await readMarksSecret(client);
  if (secret === null) throw noneKept();
  const [there] = await queryRows(
    client,
    'SELECT 1 FROM pg_class WHERE relname = $1 AND relnamespace = to_regnamespace($2)',
    [tableOf(secret), COMPATIBILITY_SCHEMA],
  );
  if (there !== undefined) return;
  await inTransaction(client, 'BEGIN', 'COMMIT', () => makeMarks(client, place, secret));
}

/**
 * Within a transaction of the caller. The secret has a table by a name of its own: one that sessions read is neither written, which would run
 * what others put on it, nor dropped, which would wait for them.
 */
export async function makeMarks(
  client: SqlClient,
  { owner, oldRole }: MarksPlace,
  secret: string | null,
): Promise<void> {
  if (secret === null) throw noneKept();
  const compatibility = quoteIdentifier(COMPATIBILITY_SCHEMA);
  const secrets = `${compatibility}.${quoteIdentifier(tableOf(secret))}`;
  await client.query(`SET LOCAL ROLE ${quoteIdentifier(owner)}; CREATE TABLE ${secrets} (secret text NOT NULL)`);
  await client.query(`INSERT INTO ${secrets} VALUES ($1)`, [secret]);
  const key = keyOf('kept.secret', 'pg_catalog.pg_backend_pid()');
  await client.query(sqlFile(__dirname, 'session-marks.sql', { compatibility, secrets, key }));
  const old = quoteIdentifier(oldRole);
  await client.query(
    `GRANT SELECT ON ${secrets} TO ${old}; GRANT EXECUTE ON FUNCTION ${compatibility}.seen() TO ${old}`,
  );
}

function tableOf(secret: string): string {
  return `marks_${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`;
}

function noneKept(): CutoverFault {
  return new CutoverFault('INTERNAL', 'no run is kept to tell the old sessions by');
}
