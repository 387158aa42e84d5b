import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type LockRetryOptions, withLockRetry } from '../arbiter/lock-retry';
import { sqlFile } from '../sql-file';
import { type CapturedTable, type CopyPath } from '../paths/copy-path';
import { functionsSql, logFunctionSql, triggerNames, triggersSql } from './trigger-sql';
import { asSchemaOwner } from '../as-owner';
import { hasOurs } from '../ours';

export interface InstallCaptureOptions extends LockRetryOptions {
  /** The schema that holds Hydra's tables. @default 'public' */
  readonly schema?: string;
}

const CANARY: CapturedTable = { table: 'canary', key: ['id'], relations: [] };

/**
 * Makes the change log beside the arbiter and puts the triggers on every table of the source's Hydra that carries state.
 *
 * Idempotent, one table per transaction. Needs the arbiter.
 * @throws CutoverFault CHECK_FAILED (a table of the source's Hydra is missing) | LOCK_BUSY (a table stays locked; tables done so far
 *   keep their triggers)
 * @returns how many tables are captured now, and those that were added in this call
 */
export async function installCapture(
  path: CopyPath,
  client: SqlClient,
  options: InstallCaptureOptions = {},
): Promise<{ readonly tables: number; readonly added: readonly string[] }> {
  const tables = await tableStates(path, client, options.schema ?? 'public');
  await installLog(path, client, options, tables);
  const added: string[] = [];
  for (const spec of path.captured) {
    const found = tables.get(spec.table);
    if (found === undefined || (await isCaptured(client, found.oid))) continue;
    await withLockRetry(client, found.name, options, triggersSql(spec, found.name));
    added.push(spec.table);
  }
  return { tables: path.captured.length, added };
}

interface TableState {
  readonly oid: string;
  /** Quoted, with its schema. */
  readonly name: string;
}

async function tableStates(
  { captured, from }: CopyPath,
  client: SqlClient,
  schema: string,
): Promise<Map<string, TableState>> {
  const rows = await queryRows<TableState & { relname: string }>(
    client,
    `SELECT c.oid::text AS oid, c.relname, format('%I.%I', n.nspname, c.relname) AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r'`,
    [schema],
  );
  const tables = new Map(rows.map((row) => [row.relname, row]));
  const missing = captured.filter(({ table }) => !tables.has(table)).map(({ table }) => table);
  if (missing.length > 0) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `schema ${schema} lacks tables of Hydra ${from}: ${missing.join(', ')}; is this the right database, and the right schema?`,
      { missing },
    );
  }
  return tables;
}

async function installLog(
  { captured }: CopyPath,
  client: SqlClient,
  options: InstallCaptureOptions,
  tables: ReadonlyMap<string, TableState>,
): Promise<void> {
  if (await hasOurs(client, 'hydra_cutover.captured')) return;
  await withLockRetry(client, 'hydra_cutover', options, async () => {
    await asSchemaOwner(client, async () => {
      await client.query(sqlFile(__dirname, 'capture.sql'));
      for (const spec of captured) await client.query(functionsSql(spec));
      await client.query(logFunctionSql(CANARY, `'canary'`));
      await client.query('SELECT hydra_cutover.record_made()');
      await client.query(triggersSql(CANARY, 'hydra_cutover.canary'));
    });
    for (const spec of [...captured, CANARY]) {
      const name = tables.get(spec.table)?.name ?? 'hydra_cutover.canary';
      await client.query(
        `INSERT INTO hydra_cutover.to_capture (table_name, table_oid, trigger_name)
         SELECT $1, $2::regclass, unnest($3::name[])`,
        [spec.table, name, triggerNames(spec)],
      );
    }
  });
}

async function isCaptured(client: SqlClient, oid: string): Promise<boolean> {
  const rows = await queryRows(client, 'SELECT 1 FROM hydra_cutover.captured WHERE table_oid = $1::oid LIMIT 1', [oid]);
  return rows.length > 0;
}
