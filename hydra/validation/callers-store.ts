import { addCallers, type CallersReceipt, NOBODY_WATCHED } from '../../domain/callers';
import { hasOurs } from '../ours';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** Older ones are of no interest: whoever was seen may have been found since. */
const KEPT = '2 hours';

/** Keeps on the target who was seen to go past the gateways. */
export async function keepCallers(to: SqlClient, receipt: CallersReceipt): Promise<void> {
  await to.query(
    `CREATE TABLE IF NOT EXISTS hydra_cutover.callers (seen_at timestamptz NOT NULL DEFAULT clock_timestamp(), receipt jsonb NOT NULL)`,
  );
  await to.query('INSERT INTO hydra_cutover.callers (receipt) VALUES ($1::jsonb)', [JSON.stringify(receipt)]);
  await to.query(`DELETE FROM hydra_cutover.callers WHERE seen_at < clock_timestamp() - interval '${KEPT}'`);
}

/** @returns what was kept in the last `sinceMs` */
export async function readCallers(to: SqlClient, sinceMs: number): Promise<CallersReceipt> {
  if (!(await hasOurs(to, 'hydra_cutover.callers'))) return NOBODY_WATCHED;
  const rows = await queryRows<{ receipt: CallersReceipt }>(
    to,
    `SELECT receipt FROM hydra_cutover.callers WHERE seen_at > clock_timestamp() - $1 * interval '1 millisecond' ORDER BY seen_at`,
    [sinceMs],
  );
  return rows.map(({ receipt }) => receipt).reduce(addCallers, NOBODY_WATCHED);
}
