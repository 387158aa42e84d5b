import { type Client } from 'pg';
import { type Fact, type FactKey, keyOf } from '../../../../hydra/catalog/fact';
import { type RecordedCommand } from '../../../../hydra/catalog/migration-path';
import { readFacts } from '../../../../hydra/catalog/read-catalog';
import { sqlFile } from '../../../../hydra/sql-file';
import { join } from 'node:path';

/** Who owns the scratch database says nothing of Hydra. */
const OF_THE_SCRATCH = ['grant'];
const CATALOG = join(__dirname, '../../../../hydra/catalog');

/** Every fact about Hydra's schema in a database that is as Hydra's migrations made it. */
export async function recordFacts(client: Client): Promise<readonly Fact[]> {
  const facts = await readFacts(client, 'public');
  return facts.filter(({ kind }) => !OF_THE_SCRATCH.includes(kind));
}

/**
 * Makes the database compare its catalogs after each command from now on.
 *
 * Event triggers, because nothing else sees what a command drops by cascade, or makes for the next one to drop.
 */
export async function startRecording(client: Client): Promise<void> {
  const facts = sqlFile(CATALOG, 'catalog-facts.sql').replaceAll('$1', `'public'`);
  await client.query(`
    CREATE SCHEMA recorder; SET search_path = pg_catalog;
    CREATE VIEW recorder.facts AS SELECT * FROM (${facts}) AS facts WHERE kind <> 'grant';
    CREATE TABLE recorder.seen AS SELECT * FROM recorder.facts;
    CREATE TABLE recorder.found (LIKE recorder.seen);
    CREATE SEQUENCE recorder.number;
    CREATE TABLE recorder.command (number int, migration text, tag text, statement text);
    CREATE TABLE recorder.change (number int, change text, kind text, "table" text, name text, definition text);
    CREATE TABLE recorder.dropped (number int, kind text, "table" text, name text, asked boolean, cascade boolean);
    CREATE FUNCTION recorder.compare() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog SET jit = off AS $f$
      DECLARE n CONSTANT int := nextval('recorder.number'); BEGIN
      DELETE FROM recorder.found; INSERT INTO recorder.found SELECT * FROM recorder.facts;
      INSERT INTO recorder.change SELECT n, 'gone', f.* FROM (TABLE recorder.seen EXCEPT TABLE recorder.found) AS f
        UNION ALL SELECT n, 'new', f.* FROM (TABLE recorder.found EXCEPT TABLE recorder.seen) AS f;
      INSERT INTO recorder.command (number, tag, statement) VALUES (n, tg_tag, current_query());
      DELETE FROM recorder.seen; INSERT INTO recorder.seen TABLE recorder.found;
    END $f$;
    CREATE FUNCTION recorder.note_dropped() RETURNS event_trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $f$ BEGIN
      INSERT INTO recorder.dropped
        SELECT last_value + 1, CASE object_type WHEN 'table constraint' THEN 'constraint' WHEN 'table column' THEN 'column' ELSE object_type END,
               CASE WHEN object_type IN ('table', 'index') THEN CASE WHEN object_type = 'table' THEN object_name ELSE '' END ELSE address_names[2] END,
               CASE object_type WHEN 'table' THEN '' WHEN 'index' THEN object_name ELSE address_names[3] END, original, normal
          FROM pg_event_trigger_dropped_objects(), recorder.number
         WHERE schema_name = 'public' AND object_type IN ('table', 'index', 'table constraint', 'table column');
    END $f$;
    CREATE FUNCTION recorder.name_migration() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $f$ BEGIN
      UPDATE recorder.command SET migration = NEW.version WHERE migration IS NULL; RETURN NULL;
    END $f$;
    CREATE TRIGGER recorder AFTER INSERT ON public.schema_migration FOR EACH ROW EXECUTE FUNCTION recorder.name_migration();
    DELETE FROM recorder.seen; INSERT INTO recorder.seen TABLE recorder.facts;
    SELECT setval('recorder.number', 1);
    CREATE EVENT TRIGGER recorder_dropped ON sql_drop EXECUTE FUNCTION recorder.note_dropped();
    CREATE EVENT TRIGGER recorder_compare ON ddl_command_end EXECUTE FUNCTION recorder.compare();
    RESET search_path`);
}

interface Noted {
  readonly number: number;
  readonly migration: string;
  readonly command: string;
  readonly statement: string;
  readonly changes: readonly (Fact & { readonly change: 'gone' | 'new' })[];
  readonly dropped: readonly (FactKey & { readonly asked: boolean; readonly cascade: boolean })[];
}

/** What was recorded since, command by command. */
export async function readRecording(client: Client): Promise<readonly RecordedCommand[]> {
  const { rows } = await client.query<Noted>(`
    SELECT c.number, c.migration, c.tag AS command, c.statement,
           (SELECT coalesce(json_agg(x ORDER BY x.kind COLLATE "C", x."table" COLLATE "C", x.name COLLATE "C", x.change), '[]') FROM recorder.change AS x WHERE x.number = c.number) AS changes,
           (SELECT coalesce(json_agg(d), '[]') FROM recorder.dropped AS d WHERE d.number = c.number) AS dropped
      FROM recorder.command AS c ORDER BY c.number`);
  return rows.map(toCommand).filter((one) => (one.dropped ?? one.cascaded ?? one.changed ?? one.made) !== undefined);
}

function toCommand({ migration, command, statement, changes, dropped }: Noted): RecordedCommand {
  const gone = changes.filter(({ change }) => change === 'gone');
  const fresh = changes.filter(({ change }) => change === 'new');
  const tables = new Set(dropped.filter(({ kind }) => kind === 'table').map(({ table }) => table));
  const isDropped = (one: FactKey): boolean =>
    dropped.some(
      ({ kind, table, name }) => kind === one.kind && name === one.name && (kind === 'index' || table === one.table),
    );
  // Of a table that is dropped the rest goes without saying.
  const told = gone.filter(({ kind, table }) => kind === 'table' || !tables.has(table));
  const before = new Set(gone.map(keyOf));
  const asked = dropped.filter((one) => one.asked);
  const isAsked = (fact: FactKey): boolean => asked.some(({ kind, name }) => kind === fact.kind && name === fact.name);
  const asks = (words: string) =>
    asked.some(({ table, name }) => new RegExp(words.replace('NAME', name || table), 'i').test(statement));
  const toKey = ({ kind, table, name }: Fact) => [kind, table, name] as const;
  const list = <T>(key: string, values: readonly T[]) => (values.length === 0 ? {} : { [key]: values });
  return {
    migration,
    command,
    ...(dropped.some(({ cascade }) => cascade) || asks(`\\bNAME"?\\s+CASCADE`) ? { cascade: true } : {}),
    ...(asks(`IF EXISTS\\s+"?NAME\\b`) ? { ifExists: true } : {}),
    ...list('dropped', told.filter((one) => isDropped(one) && isAsked(one)).map(toKey)),
    ...list('cascaded', told.filter((one) => isDropped(one) && !isAsked(one)).map(toKey)),
    ...list('changed', told.filter((one) => !isDropped(one)).map(toKey)),
    ...list(
      'made',
      fresh
        .filter((one) => !before.has(keyOf(one)))
        .map((one) => (one.kind === 'constraint' ? ([...toKey(one), one.definition] as const) : toKey(one))),
    ),
  };
}
