import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { asSchemaOwner } from '../as-owner';
import { letRead } from '../arbiter/grant-arbiter';
import { inTransaction, quoteIdentifier } from '../cleaning/session';
import { sqlFile } from '../sql-file';
import { setLogin } from './logins';

/** What the steps that prepare the copy remember from one try to the next. */
export interface Preparation {
  /** ISO-8601 UTC. */
  readonly cleanAsOf: string | null;
  /** Rows by cleaning rule, counted before the first change. */
  readonly cleanCounts: Readonly<Record<string, number>> | null;
  /** The cleaning's result, once it is complete. */
  readonly cleaned: unknown;
  readonly repaired: unknown;
}

/** Idempotent; needs the copy's own schema. */
export async function installPreparation(copy: SqlClient): Promise<void> {
  await inTransaction(copy, 'BEGIN', 'COMMIT', () =>
    asSchemaOwner(copy, () => copy.query(sqlFile(__dirname, 'preparation.sql'))),
  );
}

/**
 * Lets a role that has Hydra's rights clean and fix its rows in our turn: it may log in while nobody else may, read what is ours and ask
 * whose turn it is. What it archives see `applyRules`. Idempotent; after {@link installPreparation}.
 *
 * @throws CutoverFault CHECK_FAILED when there is no such role
 */
export async function letPrepare(copy: SqlClient, role: string): Promise<void> {
  const grant = `GRANT EXECUTE ON FUNCTION hydra_cutover.assert_preparing(text, bigint) TO ${quoteIdentifier(role)}`;
  await letRead(copy, role);
  await inTransaction(copy, 'BEGIN', 'COMMIT', () =>
    // Not made anew: in the same transaction, because a grant changes what is recorded.
    asSchemaOwner(copy, () => copy.query(`${grant}; SELECT hydra_cutover.record_made()`)),
  );
  await setLogin(copy, role, true);
}

export async function readPreparation(copy: SqlClient): Promise<Preparation> {
  const [row] = await queryRows<Preparation>(
    copy,
    `SELECT to_json(clean_as_of AT TIME ZONE 'UTC')#>>'{}' || 'Z' AS "cleanAsOf", clean_counts AS "cleanCounts", cleaned, repaired
       FROM hydra_cutover.preparation`,
  );
  if (row === undefined) throw new Error('hydra_cutover.preparation has no row');
  return row;
}

/** Fixes "now" and the first counts; a repeat keeps the first ones. */
export async function beginCleaning(copy: SqlClient, counts: Readonly<Record<string, number>>): Promise<void> {
  await copy.query(
    `UPDATE hydra_cutover.preparation SET clean_as_of = clock_timestamp(), clean_counts = $1::jsonb WHERE clean_as_of IS NULL`,
    [JSON.stringify(counts)],
  );
}

/** Keeps a step's result for a repeat. */
export async function keepResult(copy: SqlClient, step: 'cleaned' | 'repaired', result: unknown): Promise<void> {
  await copy.query(`UPDATE hydra_cutover.preparation SET ${step} = $1::jsonb`, [JSON.stringify(result)]);
}
