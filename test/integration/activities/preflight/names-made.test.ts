import { type Client } from 'pg';
import { NAMES_MADE } from '../../../../activities/preflight/names-made';
import { HYDRA_1_11_10, migrateTo230, withClone } from '../../world/seeder/clone';

/** Notes what the migration makes, also what it drops again. */
const RECORD = `
  CREATE SCHEMA seen; CREATE TABLE seen.made (name text);
  CREATE FUNCTION seen.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO seen.made SELECT c.relname FROM pg_event_trigger_ddl_commands() AS d JOIN pg_class AS c ON c.oid = d.objid
      WHERE d.classid = 'pg_class'::regclass AND d.schema_name = 'public' AND d.command_tag LIKE 'CREATE %';
  END $$;
  CREATE EVENT TRIGGER hydra_cutover_test ON ddl_command_end EXECUTE FUNCTION seen.note()`;

async function names(client: Client, sql: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(sql);
  return rows.map(({ name }) => name);
}

const RELATIONS = `SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace`;

it('lists every relation that the real migration to 2.3.0 makes, by name, and no constraint of 1.11.10 looks foreign', async () => {
  await withClone(HYDRA_1_11_10, async (clone) => {
    const { client } = clone;
    const before = new Set(await names(client, RELATIONS));
    const constraints = `SELECT conname AS name FROM pg_constraint WHERE contype IN ('c', 'x') AND connamespace = 'public'::regnamespace`;
    expect(await names(client, constraints)).toEqual([]);
    await client.query(RECORD);
    expect((await migrateTo230(clone)).applied).toBe(true);
    const made = new Set([...(await names(client, RELATIONS)), ...(await names(client, 'SELECT name FROM seen.made'))]);
    // The rules N01 and N02 are about networks.
    const expected = [...made].filter((name) => !before.has(name) && !name.startsWith('networks')).sort();
    expect(NAMES_MADE).toEqual(expected);
  });
});
