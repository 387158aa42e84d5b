import { CutoverFault } from '../../domain/faults';
import { type OnlinePlan } from '../../domain/in-place/online-plan';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { withLockRetry } from '../arbiter/lock-retry';
import { quoteIdentifier } from '../cleaning/session';
import { COMPATIBILITY_SCHEMA, IN_PLACE_SCHEMA } from './our-schemas';
import { OWN_BOOKKEEPING } from './own-bookkeeping';
import { type ActTools } from './run-acts';

const TABLE = 'schema_migration';

/** What `migrate sql` of the new version made of its bookkeeping: the statements that make the same, and its rows. */
export type Bookkeeping = OnlinePlan['bookkeeping'];

/** @param client of a database that the new version has migrated */
export async function readBookkeeping(client: SqlClient, schema: string): Promise<Bookkeeping> {
  const table = `${quoteIdentifier(schema)}.${TABLE}`;
  const columns = await queryRows<{ name: string; is: string }>(
    client,
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
              || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS is
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [table],
  );
  const indexes = await queryRows<{ name: string; unique: boolean; columns: string }>(
    client,
    `SELECT c.relname AS name, i.indisunique AS unique, regexp_replace(pg_get_indexdef(c.oid), '^.* USING ', 'USING ') AS columns
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass($1) ORDER BY 1`,
    [table],
  );
  const rows = await queryRows<{ version: string }>(client, `SELECT version FROM ${table} ORDER BY version`);
  return {
    make: [
      `CREATE TABLE ${TABLE} (${columns.map(({ name, is }) => `${quoteIdentifier(name)} ${is}`).join(', ')})`,
      ...indexes.map(
        (index) =>
          `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(index.name)} ON ${TABLE} ${index.columns}`,
      ),
    ],
    versions: rows.map(({ version }) => version),
  };
}

/**
 * Enters what was done, so that `migrate sql` of both versions has nothing to do: the new version's rows, and the old version's own
 * tables where its sessions find them, which is no longer where those of the new one look.
 *
 * Idempotent; one transaction.
 * @throws CutoverFault MIGRATION_FAILED (what others did to it, and what to do) | LOCK_BUSY
 */
export async function book(tools: ActTools, { bookkeeping }: OnlinePlan): Promise<void> {
  const { client, schema, owner, lockTimeoutMs, lockAttempts, signal } = tools;
  await assertNotBegunAnew(tools);
  const [found] = await queryRows<{ owner: string; mayDrop: boolean }>(
    client,
    `SELECT pg_get_userbyid(relowner) AS owner, pg_has_role(relowner, 'USAGE') AS "mayDrop" FROM pg_class WHERE oid = to_regclass($1)`,
    [`${quoteIdentifier(schema)}.${TABLE}`],
  );
  const legacy = await queryRows<{ name: string }>(
    client,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname = ANY ($2)`,
    [quoteIdentifier(schema), OWN_BOOKKEEPING],
  );
  // A new `migrate sql` that somebody ran begins by turning the bookkeeping over, also when it is answered with "n", and gives it its
  // last shape only with the migrations. What stands in it is part of what is entered.
  const isHalfTurned =
    found !== undefined &&
    (legacy.length > 0 || !sameShape((await readBookkeeping(client, schema)).make, bookkeeping.make));
  const isForeign = found !== undefined && (isHalfTurned ? !found.mayDrop : found.owner !== owner);
  if (isForeign) throw foreignTable(schema, found.owner, owner);
  const unknown = isHalfTurned ? await unknownVersions(client, schema, bookkeeping) : [];
  if (unknown.length > 0) throw foreignRows(schema, unknown);
  const versions = bookkeeping.versions.map((version) => `('${version.replaceAll("'", "''")}')`).join(', ');
  const compatibility = quoteIdentifier(COMPATIBILITY_SCHEMA);
  const sql = [
    `SET LOCAL search_path = ${quoteIdentifier(schema)}`,
    ...(isHalfTurned ? [`DROP TABLE ${TABLE}`] : []),
    `SET LOCAL ROLE ${quoteIdentifier(owner)}`,
    ...(found === undefined || isHalfTurned ? bookkeeping.make : []),
    `INSERT INTO ${TABLE} (version) SELECT * FROM (VALUES ${versions}) AS wanted(version)
      WHERE NOT EXISTS (SELECT 1 FROM ${TABLE} AS there WHERE there.version = wanted.version)`,
    ...legacy.flatMap(({ name }) => [
      `DROP VIEW IF EXISTS ${compatibility}.${quoteIdentifier(name)}`,
      `ALTER TABLE ${quoteIdentifier(name)} SET SCHEMA ${compatibility}`,
    ]),
    'RESET ROLE',
    `UPDATE ${IN_PLACE_SCHEMA}.run SET booked_at = coalesce(booked_at, clock_timestamp())`,
  ];
  await withLockRetry(client, TABLE, { lockTimeoutMs, attemptsPerTable: lockAttempts, signal }, sql.join(';\n'));
}

/**
 * `migrate sql` of the old version in a role that looks past the views makes its bookkeeping anew, and breaks off. The next one of the new
 * version would read that, and end with a duplicate key.
 *
 * @throws CutoverFault MIGRATION_FAILED
 */
export async function assertNotBegunAnew({ client, schema }: Pick<ActTools, 'client' | 'schema'>): Promise<void> {
  const made = await queryRows<{ name: string; owner: string }>(
    client,
    `SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner FROM pg_class c
       JOIN pg_class moved ON moved.relname = c.relname AND moved.relkind = 'r' AND moved.relnamespace = to_regnamespace($2)
      WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' AND c.relname = ANY ($3) ORDER BY 1`,
    [quoteIdentifier(schema), quoteIdentifier(COMPATIBILITY_SCHEMA), OWN_BOOKKEEPING],
  );
  if (made.length === 0) return;
  const owners = [...new Set(made.map(({ owner }) => owner))].join(', ');
  const tables = made.map(({ name }) => `${schema}.${name}`).join(', ');
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `somebody ran migrate sql of the old version as ${owners}, which does not look through the views, so that it began anew; run DROP TABLE ${tables}, then try again: what counts is kept elsewhere`,
    { tables: made.map(({ name }) => name) },
  );
}

/**
 * Other programs keep their versions in a table of this name, too.
 *
 * @returns what stands in it, if it is there, and the new version never enters
 */
export async function unknownVersions(
  client: SqlClient,
  schema: string,
  { versions }: Pick<Bookkeeping, 'versions'>,
): Promise<readonly string[]> {
  const table = `${quoteIdentifier(schema)}.${TABLE}`;
  const [found] = await queryRows<{ there: boolean }>(client, 'SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  if (found?.there !== true) return [];
  // As JSON, because a table of others need not have this column.
  const sql = `SELECT DISTINCT coalesce(to_jsonb(row)->>'version', 'without a version') AS version FROM ${table} AS row ORDER BY 1`;
  const rows = await queryRows<{ version: string }>(client, sql);
  return rows.map(({ version }) => version).filter((version) => !versions.includes(version));
}

/** What `migrate sql` of either version would find to do; of the old one: whether its sessions see its own tables. */
export async function readPending(
  { client, schema }: Pick<ActTools, 'client' | 'schema'>,
  { versions }: Bookkeeping,
): Promise<{ readonly pending: readonly string[]; readonly versions: number; readonly oldTables: number }> {
  const rows = await queryRows<{ version: string }>(client, `SELECT version FROM ${quoteIdentifier(schema)}.${TABLE}`);
  const there = new Set(rows.map(({ version }) => version));
  const [old] = await queryRows<{ tables: number }>(
    client,
    `SELECT count(*)::int AS tables FROM pg_class
      WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname = ANY ($2)`,
    [quoteIdentifier(COMPATIBILITY_SCHEMA), OWN_BOOKKEEPING],
  );
  return {
    pending: versions.filter((version) => !there.has(version)),
    versions: there.size,
    oldTables: old?.tables ?? 0,
  };
}

function sameShape(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function foreignTable(schema: string, owner: string, wanted: string): CutoverFault {
  return new CutoverFault(
    'MIGRATION_FAILED',
    `somebody ran migrate sql of the new version as ${owner}: the table ${schema}.${TABLE} that it left belongs to that role; run ALTER TABLE ${schema}.${TABLE} OWNER TO ${wanted} as ${owner}, then start again: it goes on here`,
    { table: TABLE, owner },
  );
}

function foreignRows(schema: string, versions: readonly string[]): CutoverFault {
  return new CutoverFault(
    'MIGRATION_FAILED',
    `table ${schema}.${TABLE} has ${versions.length} rows that the new version never enters, the first ${versions[0] ?? ''}: another program keeps its versions in it; move that program to a schema of its own, its table with it, then start again: it goes on here`,
    { table: TABLE, rows: versions.length },
  );
}
