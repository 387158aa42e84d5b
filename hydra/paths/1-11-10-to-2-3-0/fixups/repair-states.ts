import { type SqlClient } from '../../../../domain/ports/sql-client';
import { sqlFile } from '../../../sql-file';

/** SQL on the columns of a flow: the state it should have, and whether the migration gave it a wrong one. */
export const STATE_SQL = {
  right_state: sqlFile(__dirname, 'flow-state.sql').trim(),
  misjudged: sqlFile(__dirname, 'misjudged-flow.sql').trim(),
} as const;

/**
 * Gives every flow that came from 1.x the state it should have: the migration takes "no error", which 1.x writes as `{}`, for an
 * error, and so hides every granted consent.
 *
 * After `migrate` to 2.0-2.3 and before green serves. Idempotent; real rejections keep 128 and 129, and so do flows that 2.x made.
 * @returns how many flows were changed
 * Source: docs/hydra/facts.md, "The state of a flow".
 */
export async function repairStates(client: SqlClient): Promise<number> {
  const { rowCount } = await client.query(sqlFile(__dirname, 'repair-states.sql', STATE_SQL));
  return rowCount ?? 0;
}
