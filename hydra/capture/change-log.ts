import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { sqlFile } from '../sql-file';
import { pruneRotations } from './revocations';

export interface ChangeLogSize {
  readonly undone: number;
  /** Age of the oldest undone change on that database's clock; null when there is none. */
  readonly oldestUndoneMs: number | null;
  /** Rows, indexes and free space. */
  readonly bytes: number;
}

export async function changeLogSize(client: SqlClient): Promise<ChangeLogSize> {
  const [row] = await queryRows<ChangeLogSize>(client, sqlFile(__dirname, 'change-log-size.sql'));
  if (row === undefined) throw new Error('an aggregate gave no row');
  return row;
}

/** @returns the number of the change that was logged last, whether its transaction has ended or not */
export async function lastChangeId(client: SqlClient): Promise<number> {
  const [row] = await queryRows<{ id: number | null }>(
    client,
    `SELECT pg_catalog.pg_sequence_last_value(pg_catalog.pg_get_serial_sequence('hydra_cutover.change_log', 'id')::regclass)::float8 AS id`,
  );
  return row?.id ?? 0;
}

export interface PruneOptions {
  /** Changes that were done so long ago. @default 600_000 */
  readonly olderThanMs?: number;
  /** @default 5_000 */
  readonly batchRows?: number;
  /** @default 20 */
  readonly batchesMax?: number;
}

/**
 * Removes changes that were done a while ago, so that the log does not grow through a long bake, and what was noted of rotations.
 * Revocations stay.
 *
 * @param client on the source, which names Hydra's tables in full: see `byFullName`
 * @param keeper on the source too, as our role; reads nothing of Hydra's
 * @returns how many changes were removed; more may be left
 */
export async function pruneChangeLog(
  client: SqlClient,
  options: PruneOptions = {},
  keeper: SqlClient = client,
): Promise<number> {
  const batchRows = options.batchRows ?? 5_000;
  const olderThanMs = options.olderThanMs ?? 600_000;
  let removed = 0;
  for (let batch = 0; batch < (options.batchesMax ?? 20); batch += 1) {
    const { rowCount } = await keeper.query(
      `DELETE FROM hydra_cutover.change_log WHERE id IN (
         SELECT id FROM hydra_cutover.change_log
          WHERE done_at < clock_timestamp() - $1 * interval '1 millisecond' ORDER BY id LIMIT $2)`,
      [olderThanMs, batchRows],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < batchRows) break;
  }
  for (let batch = 0; batch < (options.batchesMax ?? 20); batch += 1) {
    if ((await pruneRotations(client, olderThanMs, batchRows, keeper)) < batchRows) break;
  }
  return removed;
}
