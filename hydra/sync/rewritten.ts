import { type SqlClient, queryRows, together } from '../../domain/ports/sql-client';
import { type Direction, type SideName } from '../../domain/sides';
import { type CapturedTable, type CopyPath } from '../paths/copy-path';
import { type LogRow, isTokenTable } from './log-keys';

/** That have a page of one transaction each: more than there are tables is not read at once. */
const AT_ONCE = 20;

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

/** @returns the rewrites that are not carried altogether, the oldest first */
export async function openRewrites(
  { captured }: CopyPath,
  { to }: Direction,
  from: SqlClient,
): Promise<readonly Rewrite[]> {
  const rows = await queryRows<{ id: string; table: string; place: Place | null }>(
    from,
    `SELECT id::text AS id, table_name AS "table", new_key AS place
       FROM hydra_cutover.change_log AS log WHERE done_at IS NULL AND kind = 'rewrite' ORDER BY log.id LIMIT ${AT_ONCE}`,
  );
  return rows.map(({ id, table, place }) => {
    const spec = captured.find((one) => one.table === table);
    if (spec === undefined) throw new Error(`${table} is logged as rewritten and is no table that is captured`);
    return { id, spec, place: place ?? { side: to, after: null } };
  });
}

interface ReadSides {
  readonly direction: Direction;
  readonly from: SqlClient;
  readonly to: SqlClient;
}

/**
 * Reads the next keys of rewritten tables, in the caller's snapshot of the source: a rewrite fires no trigger, so its rows are named
 * here, a page at a time, and a table of any size costs the change log one row. Small tables share one transaction: each has a page of it,
 * because every transaction is dozens of round trips.
 *
 * @param limit of all pages together
 * @returns the pages in the order of the rewrites
 */
export async function readRewritePages(
  sides: ReadSides,
  rewrites: readonly Rewrite[],
  limit: number,
): Promise<readonly RewritePage[]> {
  const each = Math.ceil(limit / rewrites.length);
  const pages = new Map<Rewrite, RewritePage>();
  for (const [side, client] of [
    [sides.direction.to, sides.to],
    [sides.direction.from, sides.from],
  ] as const) {
    const there = rewrites.filter(({ place }) => place.side === side);
    await together(
      client,
      there.map((rewrite) => async () => void pages.set(rewrite, await readPage(sides, rewrite, each))),
    );
  }
  return rewrites.flatMap((rewrite) => pages.get(rewrite) ?? []);
}

async function readPage(
  { direction, from, to }: ReadSides,
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
export async function markPages(
  from: SqlClient,
  rewrites: readonly Rewrite[],
  pages: readonly RewritePage[],
): Promise<void> {
  await from.query(
    `UPDATE hydra_cutover.change_log AS log
        SET new_key = mark.place::jsonb, done_at = CASE WHEN mark.place IS NULL THEN clock_timestamp() END
       FROM ROWS FROM (unnest($1::bigint[]), unnest($2::text[])) AS mark(id, place)
      WHERE log.id = mark.id AND log.done_at IS NULL`,
    [rewrites.map(({ id }) => id), pages.map(({ next }) => (next === null ? null : JSON.stringify(next)))],
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
