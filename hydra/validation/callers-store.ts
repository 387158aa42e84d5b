import { addCallers, type CallersReceipt, NOBODY_WATCHED } from '../../domain/callers';
import { hasOurs } from '../ours';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** Older ones are of no interest: whoever was seen may have been found since. */
const KEPT = '2 hours';

/** Keeps on green who was seen to go past the gateways. */
export async function keepCallers(green: SqlClient, receipt: CallersReceipt): Promise<void> {
  await green.query(
    `CREATE TABLE IF NOT EXISTS hydra_cutover.callers (seen_at timestamptz NOT NULL DEFAULT clock_timestamp(), receipt jsonb NOT NULL)`,
  );
  await green.query('INSERT INTO hydra_cutover.callers (receipt) VALUES ($1::jsonb)', [JSON.stringify(receipt)]);
  await green.query(`DELETE FROM hydra_cutover.callers WHERE seen_at < clock_timestamp() - interval '${KEPT}'`);
}

/** @returns what was kept in the last `sinceMs` */
export async function readCallers(green: SqlClient, sinceMs: number): Promise<CallersReceipt> {
  if (!(await hasOurs(green, 'hydra_cutover.callers'))) return NOBODY_WATCHED;
  const rows = await queryRows<{ receipt: CallersReceipt }>(
    green,
    `SELECT receipt FROM hydra_cutover.callers WHERE seen_at > clock_timestamp() - $1 * interval '1 millisecond' ORDER BY seen_at`,
    [sinceMs],
  );
  return rows.map(({ receipt }) => receipt).reduce(addCallers, NOBODY_WATCHED);
}
