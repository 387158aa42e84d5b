import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

export interface SentCanary {
  readonly canary: number;
  /** Its row in the change log. */
  readonly changeId: number;
}

/**
 * Writes a row through the capture's triggers without touching Hydra's data and finds it in the change log.
 *
 * @throws CutoverFault CAPTURE_BROKEN when it did not arrive
 */
export async function sendCanary(client: SqlClient): Promise<SentCanary> {
  const [sent] = await queryRows<{ id: number }>(
    client,
    'INSERT INTO hydra_cutover.canary DEFAULT VALUES RETURNING id::float8 AS id',
  );
  const [arrived] = await queryRows<{ id: number }>(
    client,
    `SELECT id::float8 AS id FROM hydra_cutover.change_log
      WHERE kind = 'canary' AND done_at IS NULL AND new_key = jsonb_build_object('id', $1::text)`,
    [sent?.id],
  );
  if (sent === undefined || arrived === undefined) {
    throw new CutoverFault(
      'CAPTURE_BROKEN',
      'a canary that was written is not in the change log; its triggers are missing or disabled',
    );
  }
  return { canary: sent.id, changeId: arrived.id };
}

/** Whether a canary was carried on by a sync round. */
export async function isCanaryDone(client: SqlClient, { changeId }: SentCanary): Promise<boolean> {
  // Marked, or marked and removed since.
  const rows = await queryRows(client, 'SELECT 1 FROM hydra_cutover.change_log WHERE id = $1 AND done_at IS NULL', [
    changeId,
  ]);
  return rows.length === 0;
}
