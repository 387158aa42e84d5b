import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { ARCHIVE_SCHEMA } from '../arbiter/keep-archive';
import { byFullName } from '../by-full-name';
import { quoteIdentifier } from '../cleaning/session';
import { readUnplanted } from '../planted';

/** A row as the source's Hydra had it. */
export interface RemovedRow {
  readonly table: string;
  /** JSON text, because numbers of any size must come back as they were. */
  readonly row: string;
}

/** One that is known by its key alone, and cannot be had. */
export interface MissingRow {
  readonly table: string;
  readonly why: string;
}

/** Where the rows of an archive of keys are read. */
export interface RowSource {
  /** Null: it does not answer. */
  readonly from: SqlClient | null;
  readonly side: SideName;
  /** Of Hydra's tables. */
  readonly schema: string;
}

/** @returns every archive that finalized cutovers left here, with whose it is */
export async function archivesOn(client: SqlClient): Promise<readonly { table: string; cutoverId: string }[]> {
  const rows = await queryRows<{ table: string; comment: string | null }>(
    client,
    `SELECT format('%I.%I', n.nspname, c.relname) AS "table", obj_description(c.oid, 'pg_class') AS comment
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY c.relname`,
    [ARCHIVE_SCHEMA],
  );
  return rows.map(({ table, comment }) => ({
    table,
    cutoverId: /^rows cleaned by cutover (.+)$/.exec(comment ?? '')?.[1] ?? '?',
  }));
}

/**
 * What a rule removed altogether, each row once: one that came back under another rule is none.
 *
 * @param archive a table of ours, with its schema, quoted
 * @throws CutoverFault CHECK_FAILED when the archive has no rows and the source does not answer
 */
export async function removedRows(
  to: SqlClient,
  archive: string,
  rule: string,
  source: RowSource,
): Promise<{ readonly rows: readonly RemovedRow[]; readonly missing: readonly MissingRow[] }> {
  if (await hasRows(to, archive)) {
    const rows = await queryRows<RemovedRow>(
      to,
      `SELECT table_name AS "table", before::text AS row FROM ${archive}
        WHERE rule_id = $1 AND before IS NOT NULL AND after IS NULL ORDER BY id`,
      [rule],
    );
    return { rows, missing: [] };
  }
  const kept = await queryRows<KeptKey>(
    to,
    `SELECT table_name AS "table", key, before_sha256 AS hash FROM ${archive}
      WHERE rule_id = $1 AND before_sha256 IS NOT NULL AND after_sha256 IS NULL ORDER BY id`,
    [rule],
  );
  if (kept.length === 0) return { rows: [], missing: [] };
  const { from, side } = source;
  if (from === null) {
    throw new CutoverFault(
      'CHECK_FAILED',
      `${archive} has keys and hashes alone (retention.archive), and ${side}, which has the rows, does not answer; nothing was changed. Bring ${side}'s database up, or restore its snapshot and name that in ${side}.database`,
      { archive },
    );
  }
  return readOnSource(from, source, kept);
}

interface KeptKey {
  readonly table: string;
  readonly key: readonly unknown[];
  readonly hash: string;
}

async function hasRows(to: SqlClient, archive: string): Promise<boolean> {
  const found = await queryRows(
    to,
    `SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = $1::regclass AND attname = 'before' AND NOT attisdropped`,
    [archive],
  );
  return found.length > 0;
}

type At = Pick<RowSource, 'schema' | 'side'>;

/** The source is read as a row says it is, which its owner's code may have a part in: none of it runs in a session that may decide. */
async function readOnSource(from: SqlClient, at: At, kept: readonly KeptKey[]) {
  const named = await byFullName(from, at.schema);
  const tables = [...new Set(kept.map(({ table }) => table))];
  return readUnplanted(named, tables, at.side, () => readByKey(named, at, kept));
}

async function readByKey(from: SqlClient, { schema, side }: At, kept: readonly KeptKey[]) {
  const rows: RemovedRow[] = [];
  const missing: MissingRow[] = [];
  const keys = new Map<string, readonly string[]>();
  for (const { table, key, hash } of kept) {
    const columns = keys.get(table) ?? (await keyColumns(from, schema, table));
    keys.set(table, columns);
    const [found] = await queryRows<{ row: string; hash: string }>(
      from,
      `SELECT image::text AS row, encode(sha256(convert_to(image::text, 'UTF8')), 'hex') AS hash
         FROM (SELECT to_jsonb(source) AS image FROM ${quoteIdentifier(schema)}.${quoteIdentifier(table)} AS source
                WHERE ${columns.map((column, index) => `source.${quoteIdentifier(column)}::text = $${index + 1}`).join(' AND ')}) AS found`,
      key.map(String),
    );
    if (found?.hash === hash) rows.push({ table, row: found.row });
    else
      missing.push({
        table,
        why: found === undefined ? `is not on ${side}` : `is not on ${side} as it was when it was cleaned`,
      });
  }
  return { rows, missing };
}

/** As the archive's triggers know a row: clients by their id, because `pk` differs between databases. */
async function keyColumns(from: SqlClient, schema: string, table: string): Promise<readonly string[]> {
  if (table === 'hydra_client') return ['id'];
  const rows = await queryRows<{ name: string }>(
    from,
    `SELECT a.attname::text AS name FROM pg_catalog.pg_constraint k
       JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
      WHERE n.nspname = $1 AND c.relname = $2 AND k.contype = 'p' ORDER BY array_position(k.conkey, a.attnum)`,
    [schema, table],
  );
  return rows.map(({ name }) => name);
}
