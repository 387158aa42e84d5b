import { CutoverFault } from '../../domain/faults';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { readKeptRun } from './keep-plan';
import { IN_PLACE_SCHEMA } from './our-schemas';

/**
 * To be asked right before something is done that no database can take back: from its return on every step that was begun earlier is
 * refused. A worker that was frozen and goes on would stop what serves by now.
 *
 * Idempotent for one order. @throws CutoverFault STALE_ORDER (a later step was here, or the upgrade is over; nothing was changed)
 */
export async function claimOrder(client: SqlClient, what: string, order: number): Promise<void> {
  const isKept = (await readKeptRun(client)) !== undefined;
  const claimed = isKept
    ? await queryRows(
        client,
        `UPDATE ${IN_PLACE_SCHEMA}.run SET last_order = $1::bigint WHERE last_order <= $1::bigint RETURNING 1`,
        [order],
      )
    : [];
  if (claimed.length > 0) return;
  throw new CutoverFault(
    'STALE_ORDER',
    `${what} comes too late: ${isKept ? 'a later step acted already' : 'the database keeps no upgrade in place, so that none is under way'}; nothing was changed, see \`hydra-cutover status\``,
    { order },
  );
}
