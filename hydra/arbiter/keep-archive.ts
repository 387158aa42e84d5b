import { createHash } from 'node:crypto';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { END_WHEN_SILENT } from '../end-when-silent';
import { assertNoneForeign, hasOurs } from '../ours';

/** Where the archive of each cutover stays when everything else of ours goes. */
export const ARCHIVE_SCHEMA = 'hydra_cutover_archive';

/**
 * Moves the rows that the cleaning rules archived out of `hydra_cutover`, to a table of this cutover in
 * {@link ARCHIVE_SCHEMA}: earlier cutovers' are there too, copied with the database. Idempotent.
 *
 * @returns the table's name; undefined when nothing was archived, or all is done
 */
export async function keepArchive(client: SqlClient, cutoverId: string): Promise<string | undefined> {
  if (!(await hasOurs(client, 'hydra_cutover.archive'))) return undefined;
  await assertNoneForeign(client, [ARCHIVE_SCHEMA]);
  const name = `archive_${createHash('sha256').update(cutoverId).digest('hex').slice(0, 16)}`;
  await client.query(`BEGIN; ${END_WHEN_SILENT}`);
  try {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${ARCHIVE_SCHEMA}`);
    await client.query(`REVOKE ALL ON SCHEMA ${ARCHIVE_SCHEMA} FROM PUBLIC`);
    await renameParts(client, name);
    await client.query(`ALTER TABLE hydra_cutover.archive RENAME TO ${name}`);
    await client.query(`ALTER TABLE hydra_cutover.${name} SET SCHEMA ${ARCHIVE_SCHEMA}`);
    await client.query(`COMMENT ON TABLE ${ARCHIVE_SCHEMA}.${name} IS 'rows cleaned by cutover ${escaped(cutoverId)}'`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
  return `${ARCHIVE_SCHEMA}.${name}`;
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
