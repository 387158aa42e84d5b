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

/** What was done so long ago is due. */
const OLD_MS = 600_000;

export interface PruneOptions {
  /** @default 5_000 */
  readonly batchRows?: number;
  /** @default 20 */
  readonly batchesMax?: number;
}

/** What one look removed. */
export interface Pruned {
  readonly changes: number;
  /** Nothing is left that is due. */
  readonly isThrough: boolean;
}

/**
 * Removes changes that were done a while ago, so that the log does not grow through a long bake, and what was noted of rotations.
 * Revocations stay. Looks at the log from its oldest row on, each row once, and no further than where nothing is due.
 *
 * @param client on the source, which names Hydra's tables in full: see `byFullName`
 * @param keeper on the source too, as our role; reads nothing of Hydra's
 */
export async function pruneChangeLog(
  client: SqlClient,
  options: PruneOptions = {},
  keeper: SqlClient = client,
): Promise<Pruned> {
  const { batchRows = 5_000, batchesMax = 20 } = options;
  let changes = 0;
  let areChangesLeft = true;
  let afterId = '0';
  for (let batch = 0; areChangesLeft && batch < batchesMax; batch += 1) {
    const [looked] = await queryRows<{ removed: number; lastId: string | null }>(
      keeper,
      `WITH looked AS MATERIALIZED (
         SELECT id, done_at FROM hydra_cutover.change_log WHERE id > $3 ORDER BY id LIMIT $2
       ), removed AS (
         DELETE FROM hydra_cutover.change_log WHERE id IN (
           SELECT id FROM looked WHERE done_at < clock_timestamp() - $1 * interval '1 millisecond') RETURNING 1
       ) SELECT (SELECT count(*)::float8 FROM removed) AS removed, (SELECT max(id)::text FROM looked) AS "lastId"`,
      [OLD_MS, batchRows, afterId],
    );
    const { removed = 0, lastId = null } = looked ?? {};
    changes += removed;
    afterId = lastId ?? afterId;
    areChangesLeft = removed > 0;
  }
  let areRotationsLeft = true;
  for (let batch = 0; areRotationsLeft && batch < batchesMax; batch += 1) {
    areRotationsLeft = (await pruneRotations(client, OLD_MS, batchRows, keeper)) === batchRows;
  }
  return { changes, isThrough: !areChangesLeft && !areRotationsLeft };
}
