import { type SqlClient } from '../domain/ports/sql-client';

const ROWS = 10_000;
const ROUNDS = 5;
export const LEVELS = ['no trigger', 'each row', 'each statement'] as const;
export type Level = (typeof LEVELS)[number];

/** The same log, written for each row and for each statement with a transition table. */
const PREPARE = `
  CREATE SCHEMA bench;
  CREATE TABLE bench.log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(),
    xid xid8 DEFAULT pg_current_xact_id(), kind text, new_key jsonb, done_at timestamptz);
  CREATE INDEX ON bench.log (id) WHERE done_at IS NULL;
  CREATE FUNCTION bench.row_level() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ BEGIN
      INSERT INTO bench.log (kind, new_key) VALUES ('insert', jsonb_build_object('signature', NEW.signature, 'request_id',
        NEW.request_id)); RETURN NULL; END $$;
  CREATE FUNCTION bench.statement_level() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$ BEGIN
      INSERT INTO bench.log (kind, new_key) SELECT 'insert', jsonb_build_object('signature', signature, 'request_id',
        request_id) FROM made; RETURN NULL; END $$;
  CREATE TABLE bench.none (signature text PRIMARY KEY, request_id text, session_data text);
  CREATE TABLE bench.by_row (LIKE bench.none INCLUDING ALL);
  CREATE TABLE bench.by_statement (LIKE bench.none INCLUDING ALL);
  CREATE TRIGGER log AFTER INSERT ON bench.by_row FOR EACH ROW EXECUTE FUNCTION bench.row_level();
  CREATE TRIGGER log AFTER INSERT ON bench.by_statement REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION bench.statement_level();`;

const TABLES: Readonly<Record<Level, string>> = {
  'no trigger': 'none',
  'each row': 'by_row',
  'each statement': 'by_statement',
};

/**
 * What one single-row insert costs inside PostgreSQL, in alternation. Leaves nothing behind.
 *
 * @returns medians in microseconds
 */
export async function measureLevels(client: SqlClient): Promise<Record<Level, number>> {
  await client.query(PREPARE);
  const taken: Record<Level, number[]> = { 'no trigger': [], 'each row': [], 'each statement': [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const level of LEVELS) taken[level].push(await insertRows(client, TABLES[level]));
  }
  await client.query('DROP SCHEMA bench CASCADE');
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? NaN;
  return {
    'no trigger': middle(taken['no trigger']),
    'each row': middle(taken['each row']),
    'each statement': middle(taken['each statement']),
  };
}

async function insertRows(client: SqlClient, table: string): Promise<number> {
  const startedAt = performance.now();
  await client.query(`DO $$ BEGIN FOR i IN 1..${ROWS} LOOP
    INSERT INTO bench.${table} VALUES (gen_random_uuid(), i, repeat('x', 900)); END LOOP; END $$`);
  const microseconds = ((performance.now() - startedAt) * 1_000) / ROWS;
  await client.query('TRUNCATE bench.log, bench.none, bench.by_row, bench.by_statement');
  return microseconds;
}
