import { type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { endSessions, setLogin } from './logins';
import { quoteLiteral, setRolePassword } from './role-password';

export interface MigrationRole {
  readonly name: string;
  /** The role that owns Hydra's tables; what the migration makes shall belong to it. */
  readonly owner: string;
  readonly schema: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/**
 * Lets a role of the migration's own log in with `password`, acting as the owner of Hydra's tables from its first statement on.
 * The owner's own password stays as blue has it, and nobody who knows it gets in. Idempotent.
 *
 * Needs CREATEROLE and the right to grant the owner (from PostgreSQL 16 on: ADMIN OPTION on it).
 * Source: PostgreSQL manual, "ALTER ROLE" (settings in a database are those of a new session; `role` is one of them).
 */
export async function openMigrationRole(green: SqlClient, role: MigrationRole, password: string): Promise<void> {
  const name = quoteIdentifier(role.name);
  const known = await green.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role.name]);
  if (known.rowCount === 0) await green.query(`CREATE ROLE ${name} NOLOGIN`);
  await green.query(`GRANT ${quoteIdentifier(role.owner)} TO ${name}`);
  const settings = {
    role: role.owner,
    search_path: quoteIdentifier(role.schema),
    statement_timeout: String(role.statementTimeoutMs),
    lock_timeout: String(role.lockTimeoutMs),
    TimeZone: 'UTC',
    // A policy that hides rows from the migration is an error, and no reason to leave rows out.
    row_security: 'off',
    default_transaction_isolation: 'read committed',
    default_transaction_read_only: 'off',
    standard_conforming_strings: 'on',
  };
  for (const [setting, value] of Object.entries(settings)) {
    // A search_path is a list of identifiers: quoted as a whole it would be one name.
    const text = setting === 'search_path' ? value : quoteLiteral(value);
    await green.query(`ALTER ROLE ${name} SET ${quoteIdentifier(setting)} TO ${text}`);
  }
  await setRolePassword(green, role.name, password);
  await green.query(`ALTER ROLE ${name} LOGIN`);
  await setLogin(green, role.name, true);
}

/** Nobody can log in as the migration's role any more, and nobody is. Idempotent, also when there is none. */
export async function closeMigrationRole(green: SqlClient, name: string): Promise<void> {
  const known = await green.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  if (known.rowCount === 0) return;
  await green.query(`ALTER ROLE ${quoteIdentifier(name)} NOLOGIN PASSWORD NULL`);
  await setLogin(green, name, false);
  await endSessions(green, name);
}

/** Idempotent. */
export async function dropMigrationRole(green: SqlClient, name: string): Promise<void> {
  await closeMigrationRole(green, name);
  await green.query(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`);
}
