import { randomBytes } from 'node:crypto';
import { CutoverFault } from '../domain/faults';
import { type SqlClient, queryRows } from '../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from './cleaning/session';
import { setRolePassword } from './closing/role-password';

const PASSWORD_BYTES = 24;

/**
 * Runs `work` in a transaction as `role`, which may do with itself what nobody else may without CREATEROLE: change its password and
 * its settings, and give up what it was granted.
 *
 * @throws CutoverFault CHECK_FAILED when there is no such role, or the session's may not act as it; nothing was changed
 * Source: PostgreSQL manual, "ALTER ROLE" and "SET ROLE".
 */
export async function asRole<T>(client: SqlClient, role: string, work: () => Promise<T>): Promise<T> {
  await assertMember(client, role);
  return inTransaction(client, 'BEGIN', 'COMMIT', async () => {
    await client.query(`SET LOCAL ROLE ${quoteIdentifier(role)}`);
    return work();
  });
}

/**
 * Gives a role of this run a new random password: nothing has to be stored, and no older run can log in any more.
 *
 * @returns it, to be kept in memory only @throws CutoverFault CHECK_FAILED as {@link asRole}
 */
export async function renewPassword(client: SqlClient, role: string): Promise<string> {
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  await asRole(client, role, () => setRolePassword(client, role, password));
  return password;
}

/** Nobody can log in with a password as the role any more. Idempotent. @throws CutoverFault CHECK_FAILED as {@link asRole} */
export async function takePassword(client: SqlClient, role: string): Promise<void> {
  await asRole(client, role, () => client.query(`ALTER ROLE ${quoteIdentifier(role)} PASSWORD NULL`));
}

/**
 * SQL for whether one role may act as another by SET ROLE: from PostgreSQL 16 on a membership can be one WITH SET FALSE.
 *
 * @param who expression for an oid, @param as the same. Source: PostgreSQL manual, "GRANT" and `pg_has_role`.
 */
export function mayActAs(who: string, as: string): string {
  // Before 16 the word SET is an error, which is never reached there.
  return `COALESCE(CASE WHEN current_setting('server_version_num')::int >= 160000 THEN pg_has_role(${who}, ${as}, 'SET')
                    ELSE pg_has_role(${who}, ${as}, 'MEMBER') END, false)`;
}

async function assertMember(client: SqlClient, role: string): Promise<void> {
  const [seen] = await queryRows<{ me: string; found: boolean; member: boolean }>(
    client,
    `SELECT current_user::text AS me, r.oid IS NOT NULL AS found, ${mayActAs('current_user::regrole::oid', 'r.oid')} AS member
       FROM (SELECT $1::name AS name) AS wanted LEFT JOIN pg_catalog.pg_roles r ON r.rolname = wanted.name`,
    [role],
  );
  if (seen?.member === true) return;
  const observed = seen?.found === true ? `${seen.me} may not act as role ${role}` : `role ${role} does not exist`;
  throw new CutoverFault(
    'CHECK_FAILED',
    `${observed} in this database, and nothing was changed there; run what \`hydra-cutover privileges\` prints there, as its master user, then repeat`,
    { role },
  );
}
