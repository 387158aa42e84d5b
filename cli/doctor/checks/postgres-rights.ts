import { type Config, type SideName } from '../../../config/schema';
import { fail, ok, type DoctorCheck } from '../check';
import { withSession } from '../postgres-session';

interface Rights {
  readonly may_create: boolean;
  readonly foreign_tables: readonly string[];
}

/**
 * The role may create a schema of its own and owns Hydra's tables, directly or as a member of the owner: triggers can only
 * be created by the owner of a table. Source: PostgreSQL manual, "CREATE TRIGGER" and "CREATE SCHEMA".
 */
export function postgresRightsCheck(config: Config, side: SideName): DoctorCheck {
  const { user, name } = config[side].database;
  return {
    id: `${side}-postgres-rights`,
    title: `${side} PostgreSQL rights`,
    run: (signal) =>
      withSession(config, side, signal, async (client) => {
        const { rows } = await client.query<Rights>(
          `SELECT has_database_privilege(current_database(), 'CREATE') AS may_create,
                  ARRAY(SELECT c.relname::text FROM pg_catalog.pg_class c
                         WHERE c.relkind IN ('r', 'p') AND (c.relname ^@ 'hydra_' OR c.relname = 'schema_migration')
                           AND c.relnamespace = pg_catalog.to_regnamespace(quote_ident($1))
                           AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
                         ORDER BY c.relname) AS foreign_tables`,
          [config[side].database.schema],
        );
        const rights = rows[0] ?? { may_create: false, foreign_tables: [] };
        const lacking = [
          ...(rights.may_create ? [] : [`CREATE on database ${name}`]),
          ...(rights.foreign_tables.length === 0 ? [] : [`ownership of ${rights.foreign_tables.join(', ')}`]),
        ];
        if (lacking.length === 0) return ok(`${user} may create a schema and owns Hydra's tables`);
        const fix = `GRANT CREATE ON DATABASE to it, and make it a member of the role that owns Hydra's tables`;
        return fail(`${user} lacks ${lacking.join(' and ')}`, fix);
      }),
  };
}
