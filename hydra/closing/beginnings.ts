import { randomUUID } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { noteOnGreen } from './preparer';
import { readRunRow } from './whose-schema';
import { hasOurs } from '../ours';

/** Never emptied, and gone with the schema: a copy of blue knows only what began before it was made. */
const TABLE = `CREATE TABLE IF NOT EXISTS hydra_cutover.beginning (
  token    uuid PRIMARY KEY,
  epoch    bigint NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`;

/**
 * Notes on blue and then on closed green, durably, that a switchover for `epoch` is about to begin: green is not taken for unused
 * later, and a blue that is an older copy of itself is known by what it does not know. A kill between the two leaves a note on blue
 * alone, which nobody asks for. To be called again for each beginning.
 *
 * @param sides both outside a transaction
 * @throws CutoverFault CHECK_FAILED (green is not closed, or blue lets nothing begin any more) | CROSSED_CONNECTION (not this
 *   cutover's green; blue is an older copy of itself)
 */
export async function noteBeginning(
  { blue, green }: { readonly blue: SqlClient; readonly green: SqlClient },
  cutoverId: string,
  epoch: number,
): Promise<void> {
  const before = (await beginningsOnGreen(green, cutoverId)) ?? [];
  assertKnows(await beginningsOnBlue(blue), before, cutoverId);
  const token = randomUUID();
  await blue.query(TABLE);
  const noted = await inTransaction(blue, 'BEGIN; SET LOCAL synchronous_commit = on', 'COMMIT', () =>
    // What takes from blue the right to begin waits for this, and no note comes after it.
    queryRows(
      blue,
      `INSERT INTO hydra_cutover.beginning (token, epoch)
       SELECT $1::uuid, $2 FROM hydra_cutover.run WHERE cutover_id = $3 AND side = 'blue' AND state IN ('open', 'fenced') FOR SHARE
       RETURNING token`,
      [token, epoch, cutoverId],
    ),
  );
  if (noted.length === 0) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `blue lets no switchover of cutover ${cutoverId} begin any more; nothing was changed. \`hydra-cutover status --from-databases\` says how things stand`,
      { cutoverId, epoch },
    );
  }
  await noteOnGreen(green, { cutoverId, epoch, token });
}

/** @returns tokens of all beginnings that blue knows; none where none was ever noted */
export async function beginningsOnBlue(blue: SqlClient): Promise<ReadonlySet<string>> {
  if (!(await hasOurs(blue, 'hydra_cutover.beginning'))) return new Set();
  const rows = await queryRows<{ token: string }>(blue, 'SELECT token::text FROM hydra_cutover.beginning');
  return new Set(rows.map(({ token }) => token));
}

/** @returns tokens of all beginnings that green has noted; undefined where this database is no green of this cutover */
export async function beginningsOnGreen(green: SqlClient, cutoverId: string): Promise<readonly string[] | undefined> {
  const run = await readRunRow(green);
  if (run?.side !== 'green' || run.cutoverId !== cutoverId) return undefined;
  if (!(await hasOurs(green, 'hydra_cutover.preparation'))) return [];
  const rows = await queryRows<{ token: string }>(
    green,
    'SELECT unnest(begun_tokens)::text AS token FROM hydra_cutover.preparation',
  );
  return rows.map(({ token }) => token);
}

/**
 * Before blue's word is relied on: that it knows of every beginning that green has noted. Blue notes each one first, so one that it does
 * not know began after it was copied.
 *
 * @param noted read from green before `known` was read from blue
 * @throws CutoverFault CROSSED_CONNECTION
 */
export function assertKnows(known: ReadonlySet<string>, noted: readonly string[], cutoverId: string): void {
  const unknown = noted.filter((token) => !known.has(token)).length;
  if (unknown === 0) return;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as blue is an older copy of blue: green of cutover ${cutoverId} has noted ${noted.length} beginnings of a ` +
      `switchover, and ${unknown} of them it does not know, so that it cannot say whether the writes have moved to green; nothing was ` +
      'changed. Correct blue.database, then repeat; if blue was restored from a copy, its writes may be on green: let nothing write ' +
      'to this blue. What nobody needs any more is for a person to delete',
    { cutoverId, noted: noted.length, unknown },
  );
}
