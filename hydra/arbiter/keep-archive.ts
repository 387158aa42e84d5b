import { createHash } from 'node:crypto';
import { type ArchiveKind } from '../../domain/settings';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { ADAPTATION_ID } from '../catalog/adaptation-id';
import { inTransaction } from '../cleaning/session';
import { END_WHEN_SILENT } from '../end-when-silent';
import { assertNoneForeign, hasOurs } from '../ours';

/** Where the archive of each cutover stays when everything else of ours goes. */
export const ARCHIVE_SCHEMA = 'hydra_cutover_archive';

/**
 * Moves what the cleaning rules archived out of `hydra_cutover`, to a table of this cutover in {@link ARCHIVE_SCHEMA}: earlier
 * cutovers' are there too, copied with the database. Idempotent.
 *
 * @param kind `keys`: in place of what a row said, SHA-256 of it; nothing of the rows is left in a page of the table either. What makes an
 * object of others again stays as it is: it is of no row
 * @returns the table's name; undefined when nothing was archived
 */
export async function keepArchive(
  client: SqlClient,
  cutoverId: string,
  kind: ArchiveKind,
): Promise<string | undefined> {
  const name = `archive_${createHash('sha256').update(cutoverId).digest('hex').slice(0, 16)}`;
  const kept = `${ARCHIVE_SCHEMA}.${name}`;
  if (!(await hasOurs(client, 'hydra_cutover.archive'))) return (await isKept(client, name)) ? kept : undefined;
  await inTransaction(client, `BEGIN; ${END_WHEN_SILENT}`, 'COMMIT', async () => {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${ARCHIVE_SCHEMA}`);
    // Whoever made it, before us or just now: nothing of ours goes into a schema of somebody else.
    await assertNoneForeign(client, [ARCHIVE_SCHEMA]);
    await client.query(`REVOKE ALL ON SCHEMA ${ARCHIVE_SCHEMA} FROM PUBLIC`);
    if (kind === 'keys') {
      // A new table: rows that an update left behind would stay in the old one's pages.
      await client.query(
        `CREATE TABLE ${kept} AS SELECT id, rule_id, as_of, archived_at, table_name, key, ${hashOf('before')}, ${hashOf('after')},
                CASE WHEN rule_id = '${ADAPTATION_ID}' THEN before->'again' END AS again
           FROM hydra_cutover.archive`,
      );
      await client.query('DROP TABLE hydra_cutover.archive');
    } else {
      await renameParts(client, name);
      await client.query(`ALTER TABLE hydra_cutover.archive RENAME TO ${name}`);
      await client.query(`ALTER TABLE hydra_cutover.${name} SET SCHEMA ${ARCHIVE_SCHEMA}`);
    }
    await client.query(`COMMENT ON TABLE ${kept} IS 'rows cleaned by cutover ${escaped(cutoverId)}'`);
  });
  return kept;
}

/** By the catalog alone: whose the schema is matters to nobody who reads nothing of it. */
async function isKept(client: SqlClient, name: string): Promise<boolean> {
  const found = await queryRows(
    client,
    `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [ARCHIVE_SCHEMA, name],
  );
  return found.length > 0;
}

function hashOf(column: string): string {
  return `encode(sha256(convert_to(${column}::text, 'UTF8')), 'hex') AS ${column}_sha256`;
}

/** Indexes and the sequence move with their table, and keep names that an earlier archive's have too. */
async function renameParts(client: SqlClient, name: string): Promise<void> {
  const parts = await queryRows<{ name: string }>(
    client,
    `SELECT indexrelid::regclass::text AS name FROM pg_catalog.pg_index WHERE indrelid = 'hydra_cutover.archive'::regclass
     UNION ALL SELECT pg_get_serial_sequence('hydra_cutover.archive', 'id')`,
  );
  for (const [index, part] of parts.entries()) {
    // ALTER INDEX renames a sequence as well: PostgreSQL manual, "ALTER INDEX".
    await client.query(`ALTER INDEX ${part.name} RENAME TO ${name}_${index}`);
  }
}

function escaped(text: string): string {
  return text.replaceAll("'", "''");
}
