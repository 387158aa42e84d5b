import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { FORWARD, type SideName } from '../../domain/sides';
import { type CopyPath, type RuleKind, sourceTables } from '../paths/copy-path';
import { lockUnplanted } from '../planted';
import { hasSqlState } from '../sql-state';
import { sampledDetectSql } from './sampled-detect';
import { DEFAULT_ARCHIVE_SCHEMA, assertSourceSchema, countRule, createHelpers, inTransaction, total } from './session';

export interface RuleCount {
  readonly id: string;
  readonly kind: RuleKind;
  readonly title: string;
  readonly fix: string;
  readonly rows: number;
  readonly tables: Readonly<Record<string, number>>;
}

export interface CountOptions {
  /** Where an earlier cleaning of this database keeps its archive. @default 'hydra_cutover' */
  readonly archiveSchema?: string;
  /** Whose rows they are; a copy has those of the side that it was made of. @default the one that a switchover leaves */
  readonly side?: SideName;
}

/**
 * Counts what every rule applies to, in one snapshot, in the order in which the rules are applied.
 *
 * Changes nothing and can run on a database that serves: the transaction is read-only but for a few functions in the session's temporary
 * schema, and it is rolled back. It therefore needs a server that is no standby and a role with TEMP on the database (PUBLIC has it).
 * @throws CutoverFault CHECK_FAILED (not the source's schema)
 */
export async function countRules(
  path: CopyPath,
  client: SqlClient,
  options: CountOptions = {},
): Promise<readonly RuleCount[]> {
  await assertSourceSchema(path, client);
  return inSnapshot(path, client, options, async () => {
    const counts: RuleCount[] = [];
    for (const [id, rule] of Object.entries(path.cleaning.rules)) {
      const tables = await countRule(client, path.cleaning.detectSql(id));
      counts.push({ id, ...rule, rows: total(tables), tables });
    }
    return counts;
  });
}

/** `rows` is null for a rule that could not be counted in its time: nothing is known of it. */
export type RuleCountWithin = Omit<RuleCount, 'rows'> & {
  readonly rows: number | null;
  /** Made from a sample of the tables: that it is 0 proves nothing. */
  readonly isEstimate: boolean;
};

/** Of larger tables so many rows are looked at: enough to see a share of a thousandth, and no load for a database that serves. */
const SAMPLED_ROWS = 200_000;
/** Nothing keeps vacuum from its work on a database that serves for longer. */
const SNAPSHOT_LIMIT_MS = 60_000;

/**
 * As {@link countRules}, on a database that serves and may be large: a count of every rule reads its largest tables several times,
 * and its snapshot keeps vacuum from all of them. So rows that are judged one by one are judged on a sample of a large table's pages,
 * and each rule has a transaction of its own.
 *
 * @param limitMs for all rules together; each gets its share of what is left, and a minute at most
 * @param sampledRows of one table @default 200,000
 */
export async function countRulesWithin(
  path: CopyPath,
  client: SqlClient,
  limitMs: number,
  sampledRows: number = SAMPLED_ROWS,
): Promise<readonly RuleCountWithin[]> {
  await assertSourceSchema(path, client);
  const sizes = await readEstimates(client);
  const percentOf = (table: string): number | undefined => {
    const rows = sizes.get(table) ?? 0;
    return rows > sampledRows ? (100 * sampledRows) / rows : undefined;
  };
  const endsAt = performance.now() + limitMs;
  const rules = Object.entries(path.cleaning.rules);
  const counts: RuleCountWithin[] = [];
  for (const [id, rule] of rules) {
    const shareMs = Math.max(1, Math.floor((endsAt - performance.now()) / (rules.length - counts.length)));
    const detect = path.cleaning.detectSql(id);
    const sampled = sampledDetectSql(detect, percentOf);
    const count = async (): Promise<Record<string, number>> => {
      await client.query(`SET LOCAL statement_timeout = ${Math.min(shareMs, SNAPSHOT_LIMIT_MS)}`);
      return countRule(client, sampled ?? detect);
    };
    const found = await inSnapshot(path, client, {}, count).catch((error: unknown) => {
      if (hasSqlState(error, 'canceled')) return null;
      throw error;
    });
    const tables = sampled === undefined ? (found ?? {}) : scaled(found ?? {}, percentOf);
    const isEstimate = sampled !== undefined;
    counts.push({ id, ...rule, rows: found === null ? null : total(tables), tables, isEstimate });
  }
  return counts;
}

function scaled(
  tables: Readonly<Record<string, number>>,
  percentOf: (table: string) => number | undefined,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [table, Math.round((rows * 100) / (percentOf(table) ?? 100))]),
  );
}

/** As the server's own statistics have them, without reading a row. */
export async function readEstimates(client: SqlClient): Promise<ReadonlyMap<string, number>> {
  const rows = await queryRows<{ name: string; rows: number }>(
    client,
    `SELECT c.relname::text AS name, c.reltuples::float8 AS rows FROM pg_class AS c
      WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'hydra_client'::regclass)`,
  );
  return new Map(rows.map(({ name, rows: count }) => [name, count]));
}

async function inSnapshot<Found>(
  path: CopyPath,
  client: SqlClient,
  { archiveSchema = DEFAULT_ARCHIVE_SCHEMA, side = FORWARD.from }: CountOptions,
  look: () => Promise<Found>,
): Promise<Found> {
  return inTransaction(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'ROLLBACK', async () => {
    // Before the snapshot, so that it shows what the locks keep out. A copy holds what was put on the tables that it was made of.
    await lockUnplanted(client, sourceTables(path), side);
    await createHelpers(path, client, archiveSchema);
    await client.query('SET TRANSACTION READ ONLY');
    return look();
  });
}
