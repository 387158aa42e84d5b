import { CutoverFault } from '../../domain/faults';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { hasSqlState } from '../sql-state';
import { type CompatibilityPlace, oldSessions, whoseCompatibility } from './compatibility';
import { COMPATIBILITY_SCHEMA } from './our-schemas';
import { OWN_BOOKKEEPING } from './own-bookkeeping';

/**
 * Removes the schema, when no session looks into it any more. One of others that has its name stays.
 *
 * Idempotent. @param from see {@link oldSessions}
 * @throws CutoverFault LOCK_BUSY while a session of the old version is there that began before `since` | CHECK_FAILED (something of others
 * would go with it)
 */
export async function dropCompatibility(
  client: SqlClient,
  place: CompatibilityPlace,
  since: string,
  from: string | null = null,
): Promise<void> {
  const old = await oldSessions(client, place, since, from);
  if (old.before > 0) {
    throw new CutoverFault(
      'LOCK_BUSY',
      `${old.before} sessions of role ${place.oldRole} still look into ${COMPATIBILITY_SCHEMA}; end them (stop the old Hydra), then it goes on`,
      { sessions: old.before },
    );
  }
  if ((await whoseCompatibility(client)) !== 'ours') return;
  const [ours] = await queryRows<{ sql: string | null }>(client, OURS_SQL, [
    quoteIdentifier(place.schema),
    OWN_BOOKKEEPING,
  ]);
  try {
    await inTransaction(client, 'BEGIN', 'COMMIT', async () => {
      if (ours?.sql != null) await client.query(ours.sql);
      await client.query(`DROP SCHEMA ${quoteIdentifier(COMPATIBILITY_SCHEMA)}`);
    });
  } catch (error) {
    if (!hasSqlState(error, 'dependentObjects')) throw error;
    throw othersHang(error, place);
  }
}

/**
 * Object by object and without CASCADE: a role that finds its tables here makes new ones here as well, a backup say, and others may
 * have built on the views.
 */
const OURS_SQL = `SELECT string_agg(sql, '; ' ORDER BY place) AS sql FROM (
    SELECT 1, format('DROP VIEW %s', c.oid::regclass) FROM pg_class c
     WHERE c.relnamespace = '${COMPATIBILITY_SCHEMA}'::regnamespace AND c.relkind = 'v'
       AND (c.relname = ANY ($2) OR EXISTS (SELECT 1 FROM pg_class t WHERE t.relnamespace = to_regnamespace($1) AND t.relname = c.relname AND t.relkind IN ('r', 'p')))
    UNION ALL
    SELECT 1, format('DROP TABLE %s', c.oid::regclass) FROM pg_class c
     WHERE c.relnamespace = '${COMPATIBILITY_SCHEMA}'::regnamespace AND c.relkind = 'r' AND (c.relname = ANY ($2) OR c.relname ~ '^marks_[0-9a-f]{16}$')
    UNION ALL
    SELECT 2, format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p
     WHERE p.pronamespace = '${COMPATIBILITY_SCHEMA}'::regnamespace AND p.proname ~ '^(seen|old_session|insert_hydra_\\w+)$'
  ) AS ours(place, sql)`;

/** The detail of this error names objects alone. */
function othersHang(error: Error, { schema }: CompatibilityPlace): CutoverFault {
  const objects = 'detail' in error && typeof error.detail === 'string' ? error.detail.replaceAll('\n', '; ') : '';
  return new CutoverFault(
    'CHECK_FAILED',
    `others have something in the schema ${COMPATIBILITY_SCHEMA} or on its views, and it would go with them: ${objects}. Keep what is needed (ALTER TABLE ${COMPATIBILITY_SCHEMA}.… SET SCHEMA ${schema}), drop the rest, then try again`,
    { schema: COMPATIBILITY_SCHEMA },
    error,
  );
}
