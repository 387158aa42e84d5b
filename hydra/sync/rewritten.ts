import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction, type SideName } from '../../domain/sides';
import { type CapturedTable, type CopyPath } from '../paths/copy-path';
import { type LogRow, isTokenTable } from './log-keys';

/** How far the walk through one rewritten table is; kept in its row of the change log. */
interface Place {
  /** First the target, for what only that has, so that it is out of the way of what the source has instead. */
  readonly side: SideName;
  /** The key that was carried last. */
  readonly after: readonly string[] | null;
}

/** A table of the source that was rewritten, and whose rows are not carried yet, or not all of them. */
export interface Rewrite {
  readonly id: string;
  readonly spec: CapturedTable;
  readonly place: Place;
}

export interface RewritePage {
  /** As if each of these rows had been changed by itself. */
  readonly log: readonly LogRow[];
  /** Rows that were looked at for it. */
  readonly seen: number;
  /** Null when this was the last page. */
  readonly next: Place | null;
}

/** @returns the oldest rewrite that is not carried altogether */
export async function nextRewrite({ captured }: CopyPath, { to }: Direction, from: SqlClient): Promise<Rewrite | null> {
  const [row] = await queryRows<{ id: string; table: string; place: Place | null }>(
    from,
    `SELECT id::text AS id, table_name AS "table", new_key AS place
       FROM hydra_cutover.change_log AS log WHERE done_at IS NULL AND kind = 'rewrite' ORDER BY log.id LIMIT 1`,
  );
  if (row === undefined) return null;
  const spec = captured.find(({ table }) => table === row.table);
  if (spec === undefined) throw new Error(`${row.table} is logged as rewritten and is no table that is captured`);
  return { id: row.id, spec, place: row.place ?? { side: to, after: null } };
}

/**
 * Reads the next keys of a rewritten table, in the caller's snapshot of the source: a rewrite fires no trigger, so its rows are named
 * here, a page at a time, and a table of any size costs the change log one row.
 */
export async function readRewritePage(
  { direction, from, to }: { readonly direction: Direction; readonly from: SqlClient; readonly to: SqlClient },
  { spec, place }: Rewrite,
  limit: number,
): Promise<RewritePage> {
  const isSource = place.side === direction.from;
  const page = await readKeys(isSource ? from : to, isSource ? inSource(spec) : inTarget(spec), place.after, limit);
  const last = page.at(-1);
  const log = (isSource ? page : await withoutThoseOf(from, spec, page)).map((keys): LogRow => {
    const [old_key, new_key] = isSource ? [null, keys] : [keys, null];
    return { id: '0', at: '', kind: 'update', table_name: spec.table, old_key, new_key };
  });
  if (page.length === limit && last !== undefined) {
    return { log, seen: page.length, next: { side: place.side, after: spec.key.map((name) => last[name] ?? '') } };
  }
  return { log, seen: page.length, next: isSource ? null : { side: direction.from, after: null } };
}

/** After the target's commit. A syncer that was overtaken meanwhile does not begin anew what is done. */
export async function markPage(from: SqlClient, { id }: Rewrite, { next }: RewritePage): Promise<void> {
  await from.query(
    `UPDATE hydra_cutover.change_log
        SET new_key = $2::jsonb, done_at = CASE WHEN $2::jsonb IS NULL THEN clock_timestamp() END
      WHERE id = $1 AND done_at IS NULL`,
    [id, next === null ? null : JSON.stringify(next)],
  );
}

type Keys = Readonly<Record<string, string | null>>;

interface KeyColumns {
  readonly table: string;
  /** Expressions, by the name that the change log has for them. */
  readonly key: readonly (readonly [string, string])[];
  readonly more: readonly (readonly [string, string])[];
}

function inSource({ table, key, relations }: CapturedTable): KeyColumns {
  return { table, key: key.map((name) => [name, name]), more: relations.map((name) => [name, name]) };
}

/** The target keeps logins and consents in one table. */
function inTarget({ table, key, flow }: CapturedTable): KeyColumns {
  if (flow === undefined) {
    return {
      table,
      key: key.map((name) => [name, name]),
      more: isTokenTable(table) ? [['request_id', 'request_id']] : [],
    };
  }
  const columns = key.map(
    (name) => [name, name === flow.consent ? 'consent_challenge_id' : 'login_challenge'] as const,
  );
  return { table: 'hydra_oauth2_flow', key: columns, more: [] };
}

async function readKeys(
  client: SqlClient,
  { table, key, more }: KeyColumns,
  after: readonly string[] | null,
  limit: number,
): Promise<Keys[]> {
  const selected = [...key, ...more].map(([name, column]) => `${column}::text AS ${name}`).join(', ');
  const columns = key.map(([, column]) => column);
  const past = after === null ? '' : `AND (${columns.join(', ')}) > (${after.map((_, at) => `$${at + 2}`).join(', ')})`;
  const present = columns.map((column) => `${column} IS NOT NULL`).join(' AND ');
  // Qualified, because the order of the text is not that of a uuid.
  const order = columns.map((column) => `source.${column}`).join(', ');
  return queryRows<Keys>(
    client,
    `SELECT ${selected} FROM ${table} AS source WHERE ${present} ${past} ORDER BY ${order} LIMIT $1`,
    [limit, ...(after ?? [])],
  );
}

async function withoutThoseOf(from: SqlClient, { table, key }: CapturedTable, page: readonly Keys[]): Promise<Keys[]> {
  if (page.length === 0) return [];
  const columns = Object.keys(page[0] ?? {});
  const match = key.map((name) => `there.${name}::text = surplus.${name}`).join(' AND ');
  return queryRows<Keys>(
    from,
    `SELECT surplus.* FROM json_to_recordset($1::json) AS surplus(${columns.map((name) => `${name} text`).join(', ')})
      WHERE NOT EXISTS (SELECT 1 FROM ${table} AS there WHERE ${match})`,
    [JSON.stringify(page)],
  );
}
