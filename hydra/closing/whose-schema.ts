import { CutoverFault } from '../../domain/faults';
import { assertSchemaVersion, schemaVersionSql } from '../arbiter/schema-version';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { hasOurs } from '../ours';

/** Where the schema that came with the copy is kept until the copy has its own: what it says is proof of where the copy is from. */
export const COPIED_SCHEMA = 'hydra_cutover_blue';

/** What a run row says about whose database this is. */
export interface RunRow {
  readonly side: SideName;
  readonly cutoverId: string;
  readonly nonce: string;
  readonly schemaVersion: number;
}

/**
 * @returns the run row in `schema`, undefined when there is no such table
 * @throws CutoverFault SCHEMA_VERSION when another version of this program made it
 */
export async function readRunRow(client: SqlClient, schema = 'hydra_cutover'): Promise<RunRow | undefined> {
  if (!(await hasOurs(client, `${schema}.run`))) return undefined;
  const rows = await queryRows<RunRow>(
    client,
    `SELECT side, cutover_id AS "cutoverId", nonce::text, ${schemaVersionSql('run')} AS "schemaVersion" FROM ${schema}.run AS run`,
  );
  const [row] = rows;
  if (row !== undefined) assertSchemaVersion(row);
  return row;
}

/**
 * What every transaction on the side that is entered asks first.
 *
 * @throws CutoverFault CROSSED_CONNECTION when this database was not made that side by this cutover
 */
export async function assertSide(client: SqlClient, cutoverId: string, side: SideName): Promise<RunRow> {
  const row = await readRunRow(client);
  if (row?.side === side && row.cutoverId === cutoverId) return row;
  throw notThatSide(row, cutoverId, side);
}

export function notThatSide(row: RunRow | undefined, cutoverId: string, side: SideName): CutoverFault {
  const seen = row === undefined ? 'it was never closed' : `it is ${row.side} of cutover ${row.cutoverId}`;
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as ${side} is not the one that cutover ${cutoverId} closed (${seen}); nothing was changed on it; check ${side}'s address`,
    { cutoverId },
  );
}
