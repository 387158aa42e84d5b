import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction, quoteIdentifier } from '../cleaning/session';

/** One grant of CONNECT on the database; `role` null is PUBLIC. */
interface LoginGrant {
  readonly role: string | null;
  readonly grantable: boolean;
}

const SESSIONS_GONE_MS = 10_000;
const POLL_MS = 50;

/**
 * Takes CONNECT on this database from everybody but the session's role, and remembers who had it. Idempotent: what a first call
 * remembered is not overwritten. Needs `hydra_cutover.preparation` and the rights of the database's owner.
 *
 * Superusers can log in all the same; on RDS that is the provider alone.
 * @throws CutoverFault CHECK_FAILED when a role could still log in
 */
export async function closeLogins(copy: SqlClient): Promise<void> {
  await inTransaction(copy, 'BEGIN', 'COMMIT', async () => {
    const grants = await readGrants(copy);
    await copy.query(`UPDATE hydra_cutover.preparation SET logins = $1::jsonb WHERE logins IS NULL`, [
      JSON.stringify(grants),
    ]);
    await changeConnect(copy, 'GRANT', 'CURRENT_USER', false);
    const [me] = await queryRows<{ name: string }>(copy, 'SELECT current_user AS name');
    for (const { role } of grants) {
      if (role !== me?.name) await changeConnect(copy, 'REVOKE', grantee(role), false);
    }
  });
  await assertNobodyElse(copy);
}

/**
 * Gives CONNECT back to whom it was taken from. Idempotent, also when logins were never closed.
 */
export async function reopenLogins(copy: SqlClient): Promise<void> {
  await inTransaction(copy, 'BEGIN', 'COMMIT', async () => {
    const [row] = await queryRows<{ logins: readonly LoginGrant[] | null; me: string }>(
      copy,
      'SELECT logins, current_user AS me FROM hydra_cutover.preparation FOR UPDATE',
    );
    for (const { role, grantable } of row?.logins ?? []) await changeConnect(copy, 'GRANT', grantee(role), grantable);
    if (row?.logins && !row.logins.some(({ role }) => role === row.me) && (await mayConnectWithout(copy, row.me))) {
      await changeConnect(copy, 'REVOKE', 'CURRENT_USER', false);
    }
    await copy.query('UPDATE hydra_cutover.preparation SET logins = NULL');
  });
}

/** Lets one role in, or out again, while logins are closed. Idempotent. */
export async function setLogin(copy: SqlClient, role: string, allowed: boolean): Promise<void> {
  await changeConnect(copy, allowed ? 'GRANT' : 'REVOKE', grantee(role), false);
}

/**
 * Ends the sessions of others on this database and waits until they are gone.
 *
 * @param role only those of this login role. @default all but this session's role
 * @throws CutoverFault LOCK_BUSY when one does not end
 */
export async function endSessions(copy: SqlClient, role?: string): Promise<number> {
  const others = `FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
       AND NOT r.rolsuper AND CASE WHEN $1::text IS NULL THEN r.rolname <> current_user ELSE r.rolname = $1 END`;
  const deadline = Date.now() + SESSIONS_GONE_MS;
  let ended = 0;
  for (;;) {
    const { rowCount } = await copy.query(`SELECT pg_terminate_backend(a.pid) ${others}`, [role ?? null]);
    if (rowCount === 0 || rowCount === null) return ended;
    ended = Math.max(ended, rowCount);
    if (Date.now() > deadline) {
      throw new CutoverFault('LOCK_BUSY', `${rowCount} sessions on the copy do not end within ${SESSIONS_GONE_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}

async function assertNobodyElse(copy: SqlClient): Promise<void> {
  const rows = await queryRows<{ name: string }>(
    copy,
    `SELECT rolname AS name FROM pg_roles
      WHERE rolcanlogin AND NOT rolsuper AND rolname <> current_user
        AND has_database_privilege(oid, current_database(), 'CONNECT') ORDER BY 1`,
  );
  if (rows.length === 0) return;
  const roles = rows.map(({ name }) => name);
  throw new CutoverFault(
    'CHECK_FAILED',
    `roles can log in to the copy though CONNECT was taken from them: ${roles.join(', ')}; they have it from another grantor or as members of our role; revoke that`,
    { roles },
  );
}

async function readGrants(copy: SqlClient): Promise<readonly LoginGrant[]> {
  return queryRows<LoginGrant>(
    copy,
    `SELECT CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END AS role, bool_or(is_grantable) AS grantable
       FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
      WHERE datname = current_database() AND privilege_type = 'CONNECT' GROUP BY grantee ORDER BY grantee`,
  );
}

/** Whether what is granted to PUBLIC or through other roles lets `me` in without a grant of its own. */
async function mayConnectWithout(copy: SqlClient, me: string): Promise<boolean> {
  const [row] = await queryRows<{ may: boolean }>(
    copy,
    `SELECT bool_or(grantee = 0 OR (grantee <> $1::regrole::oid AND pg_has_role($1::regrole::oid, grantee, 'USAGE'))) AS may
       FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
      WHERE datname = current_database() AND privilege_type = 'CONNECT'`,
    [quoteIdentifier(me)],
  );
  return row?.may === true;
}

async function changeConnect(
  copy: SqlClient,
  verb: 'GRANT' | 'REVOKE',
  role: string,
  grantable: boolean,
): Promise<void> {
  const [row] = await queryRows<{ name: string }>(copy, 'SELECT current_database() AS name');
  const database = quoteIdentifier(row?.name ?? '');
  const [preposition, end] = verb === 'GRANT' ? ['TO', grantable ? ' WITH GRANT OPTION' : ''] : ['FROM', ' CASCADE'];
  await copy.query(`${verb} CONNECT ON DATABASE ${database} ${preposition} ${role}${end}`);
}

function grantee(role: string | null): string {
  return role === null ? 'PUBLIC' : quoteIdentifier(role);
}
