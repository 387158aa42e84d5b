import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction, type SideName } from '../../domain/sides';
import { ARCHIVE_SCHEMA } from '../arbiter/keep-archive';
import { inTransaction } from '../cleaning/session';
import { END_WHEN_SILENT } from '../end-when-silent';
import { assertNoneForeign, hasOurs } from '../ours';
import { type CopyPath } from '../paths/copy-path';
import { lockToWrite } from '../planted';
import { putBack } from './put-back';
import { archivesOn, removedRows } from './removed-rows';

export interface RestoreOptions {
  readonly path: CopyPath;
  readonly direction: Direction;
  readonly rule: string;
  /** Of Hydra's tables. */
  readonly schema: string;
  /** Whose archive. @default the only one that is there */
  readonly cutoverId?: string;
  /** Tells what would be, and changes nothing. */
  readonly isDry: boolean;
  /** Has the rows by their keys: asked where the archive has no more than keys and hashes. Null: it does not answer. */
  readonly from: SqlClient | null;
}

/** Why rows of a table did not come back, and how many. No keys: those of tokens are secrets. */
interface RestoreConflict {
  readonly table: string;
  readonly rows: number;
  readonly why: string;
}

export interface RestoreReceipt {
  /** Where the rows were read. */
  readonly archive: string;
  /** Rows that the rule removed. */
  readonly removed: number;
  /** Rows that are on the target again, by table. */
  readonly restored: Readonly<Record<string, number>>;
  readonly conflicts: readonly RestoreConflict[];
}

/**
 * Puts rows that a cleaning rule removed back on the target, as far as it has a table of the same name: in one transaction, parents
 * first, each row for itself. What is in the way is told and left as it is. Idempotent: a row that is there again is a conflict.
 *
 * Rows come from the archive, or, where that has keys and hashes alone, from the source, and only such whose hash is the one that was kept.
 * @param to a session that may write Hydra's tables, outside a transaction
 * @throws CutoverFault CHECK_FAILED (no such rule or archive, several archives, nothing that it removed, the source does not answer and
 *   the archive has no rows, or code of others is on the target's tables; nothing was changed)
 */
export async function restoreRule(to: SqlClient, options: RestoreOptions): Promise<RestoreReceipt> {
  const { path, direction, rule, schema, isDry, from } = options;
  assertRemoves(path, rule);
  const archive = await archiveOf(to, direction.to, options.cutoverId);
  const { rows, missing } = await removedRows(to, archive, rule, { from, side: direction.from, schema });
  if (rows.length + missing.length === 0) {
    throw refused(`rule ${rule} removed nothing that ${archive} knows of; nothing was changed`, { rule, archive });
  }
  const order = path.tables.map(({ name }) => name as string);
  const present = await tablesOf(to, schema, order);
  const restored: Record<string, number> = {};
  const conflicts = new Map<string, RestoreConflict>();
  const tell = (table: string, why: string): void => {
    const id = `${table} ${why}`;
    conflicts.set(id, { table, why, rows: (conflicts.get(id)?.rows ?? 0) + 1 });
  };
  for (const { table, why } of missing) tell(table, why);
  await inTransaction(to, `BEGIN; ${END_WHEN_SILENT}`, isDry ? 'ROLLBACK' : 'COMMIT', async () => {
    await lockToWrite(to, schema, direction.to);
    for (const table of order.filter((name) => present.includes(name))) {
      for (const row of rows.filter((one) => one.table === table)) {
        const why = await putBack(to, { schema, side: direction.to }, row);
        if (why === null) restored[table] = (restored[table] ?? 0) + 1;
        else tell(table, why);
      }
    }
  });
  for (const { table } of rows) {
    if (!present.includes(table))
      tell(table, `${direction.to}'s Hydra has no table of this name, and keeps such rows in another form`);
  }
  return { archive, removed: rows.length + missing.length, restored, conflicts: [...conflicts.values()] };
}

function assertRemoves({ cleaning }: CopyPath, rule: string): void {
  const found = cleaning.rules[rule];
  if (found?.removes === true) return;
  const removing = Object.entries(cleaning.rules).flatMap(([id, { removes }]) => (removes === true ? [id] : []));
  const seen = found === undefined ? `there is no rule ${rule}` : `rule ${rule} removes no rows: ${found.fix}`;
  throw refused(`${seen}; rules that remove some: ${removing.join(', ')}; nothing was changed`, { rule });
}

/** Before finalize it is beside the arbiter still. */
async function archiveOf(to: SqlClient, side: SideName, cutoverId: string | undefined): Promise<string> {
  if (await hasOurs(to, 'hydra_cutover.archive')) return 'hydra_cutover.archive';
  await assertNoneForeign(to, [ARCHIVE_SCHEMA]);
  const found = await archivesOn(to);
  const meant = cutoverId === undefined ? found : found.filter((one) => one.cutoverId === cutoverId);
  const [archive] = meant;
  if (archive !== undefined && meant.length === 1) return archive.table;
  const known = found.map((one) => one.cutoverId).join(', ') || 'none';
  throw refused(
    meant.length > 1
      ? `${side} has the archives of several cutovers (${known}); name one with --cutover-id`
      : `${side} has no archive ${cutoverId === undefined ? 'of any cutover' : `of cutover ${cutoverId}`} (there are: ${known}); it may have been purged`,
    {},
  );
}

async function tablesOf(to: SqlClient, schema: string, names: readonly string[]): Promise<readonly string[]> {
  const rows = await queryRows<{ name: string }>(
    to,
    `SELECT c.relname::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = ANY ($2::name[]) AND c.relkind IN ('r', 'p')`,
    [schema, names],
  );
  return rows.map(({ name }) => name);
}

function refused(message: string, details: Readonly<Record<string, string>>): CutoverFault {
  return new CutoverFault('CHECK_FAILED', message, details);
}
