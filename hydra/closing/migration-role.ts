import { type SqlClient } from '../../domain/ports/sql-client';
import { quoteIdentifier } from '../cleaning/session';
import { endSessions, setLogin } from './logins';
import { asRole, renewPassword, takePassword } from '../run-roles';
import { quoteLiteral } from './role-password';

export interface MigrationRole {
  readonly name: string;
  /** The role that owns Hydra's tables; what the migration makes shall belong to it. */
  readonly owner: string;
  readonly schema: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/**
 * Lets the migration log in with a new password, acting as the owner of Hydra's tables from its first statement on. The owner's own
 * password stays as the source has it, and nobody who knows it gets in. Idempotent.
 *
 * @returns the password, to be kept in memory only
 * @throws CutoverFault CHECK_FAILED when there is no such role, or the session's may not act as it
 * Source: PostgreSQL manual, "ALTER ROLE" (settings of a role are those of a new session; `role` is one of them).
 */
export async function openMigrationRole(copy: SqlClient, role: MigrationRole): Promise<string> {
  const name = quoteIdentifier(role.name);
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
  await asRole(copy, role.name, async () => {
    for (const [setting, value] of Object.entries(settings)) {
      // A search_path is a list of identifiers: quoted as a whole it would be one name.
      const text = setting === 'search_path' ? value : quoteLiteral(value);
      await copy.query(`ALTER ROLE ${name} SET ${quoteIdentifier(setting)} TO ${text}`);
    }
  });
  const password = await renewPassword(copy, role.name);
  await setLogin(copy, role.name, true);
  return password;
}

/** Nobody can log in as the migration's role any more, and nobody is. Idempotent, also when there is none. */
export async function closeMigrationRole(copy: SqlClient, name: string): Promise<void> {
  const known = await copy.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
  if (known.rowCount === 0) return;
  await takePassword(copy, name);
  await setLogin(copy, name, false);
  await endSessions(copy, name);
}
