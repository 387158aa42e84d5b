import { randomUUID } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { type Direction, type SideName } from '../../domain/sides';
import { noteOnEntered } from './preparer';
import { readRunRow } from './whose-schema';
import { hasOurs } from '../ours';

/** Never emptied, and gone with the schema: a copy of the source knows only what began before it was made. */
const TABLE = `CREATE TABLE IF NOT EXISTS hydra_cutover.beginning (
  token    uuid PRIMARY KEY,
  epoch    bigint NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`;

/**
 * Notes on the side that is left and then on the closed one, durably, that a switchover for `epoch` is about to begin: the closed one is not
 * taken for unused later, and an older copy of the one that is left is known by what it does not know. A kill between the two leaves a note
 * there alone, which nobody asks for. To be called again for each beginning.
 *
 * @param sides both outside a transaction
 * @throws CutoverFault CHECK_FAILED (`to` is not closed, or `from` lets nothing begin any more) | CROSSED_CONNECTION (`to` is not of this
 *   cutover; `from` is an older copy of itself)
 */
export async function noteBeginning(
  { direction, from, to }: { readonly direction: Direction; readonly from: SqlClient; readonly to: SqlClient },
  cutoverId: string,
  epoch: number,
): Promise<void> {
  const before = (await beginningsNoted(to, direction.to, cutoverId)) ?? [];
  assertKnows(await beginningsKnown(from), before, { cutoverId, direction });
  const token = randomUUID();
  await from.query(TABLE);
  const noted = await inTransaction(from, 'BEGIN; SET LOCAL synchronous_commit = on', 'COMMIT', () =>
    // What takes from it the right to begin waits for this, and no note comes after it.
    queryRows(
      from,
      `INSERT INTO hydra_cutover.beginning (token, epoch)
       SELECT $1::uuid, $2 FROM hydra_cutover.run WHERE cutover_id = $3 AND side = $4 AND state IN ('open', 'fenced') FOR SHARE
       RETURNING token`,
      [token, epoch, cutoverId, direction.from],
    ),
  );
  if (noted.length === 0) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `${direction.from} lets no switchover of cutover ${cutoverId} begin any more; nothing was changed. \`hydra-cutover status --from-databases\` says how things stand`,
      { cutoverId, epoch },
    );
  }
  await noteOnEntered(to, direction.to, { cutoverId, epoch, token });
}

/** @returns tokens of all beginnings that the source knows; none where none was ever noted */
export async function beginningsKnown(from: SqlClient): Promise<ReadonlySet<string>> {
  if (!(await hasOurs(from, 'hydra_cutover.beginning'))) return new Set();
  const rows = await queryRows<{ token: string }>(from, 'SELECT token::text FROM hydra_cutover.beginning');
  return new Set(rows.map(({ token }) => token));
}

/** @returns tokens of all beginnings that the side to be entered has noted; undefined where this database is not that of this cutover */
export async function beginningsNoted(
  to: SqlClient,
  side: SideName,
  cutoverId: string,
): Promise<readonly string[] | undefined> {
  const run = await readRunRow(to);
  if (run?.side !== side || run.cutoverId !== cutoverId) return undefined;
  if (!(await hasOurs(to, 'hydra_cutover.preparation'))) return [];
  const rows = await queryRows<{ token: string }>(
    to,
    'SELECT unnest(begun_tokens)::text AS token FROM hydra_cutover.preparation',
  );
  return rows.map(({ token }) => token);
}

/**
 * Before the source's word is relied on: that it knows of every beginning that the copy has noted. The source notes each first, so one that it does
 * not know began after it was copied.
 *
 * @param noted read from the copy before `known` was read from the source
 * @throws CutoverFault CROSSED_CONNECTION
 */
export function assertKnows(
  known: ReadonlySet<string>,
  noted: readonly string[],
  { cutoverId, direction: { from, to } }: { readonly cutoverId: string; readonly direction: Direction },
): void {
  const unknown = noted.filter((token) => !known.has(token)).length;
  if (unknown === 0) return;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as ${from} is an older copy of ${from}: ${to} of cutover ${cutoverId} has noted ${noted.length} beginnings of a ` +
      `switchover, and ${unknown} of them it does not know, so that it cannot say whether the writes have moved to ${to}; nothing was ` +
      `changed. Correct ${from}.database, then repeat; if ${from} was restored from a copy, its writes may be on ${to}: let nothing write ` +
      `to this ${from}. What nobody needs any more is for a person to delete`,
    { cutoverId, noted: noted.length, unknown },
  );
}
