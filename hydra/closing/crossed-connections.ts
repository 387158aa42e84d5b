import { randomInt } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Direction } from '../../domain/sides';

interface Server {
  readonly database: string;
  readonly system: string;
  readonly startedAt: string;
  readonly address: string | null;
}

/**
 * Proves that two sessions lead to two servers of which the second holds a copy of the first, before anything is changed on
 * either: the source's session holds an advisory lock with a random key meanwhile, and the copy's must not see it.
 *
 * Changes nothing. Both sessions must be outside a transaction.
 * @throws CutoverFault CROSSED_CONNECTION
 * Source: PostgreSQL manual, "pg_locks": advisory locks of all databases of a server are listed; "Generic File Access…
 * pg_control_system": a physical copy keeps the system identifier.
 */
export async function assertTwoServers({
  direction,
  from,
  to,
}: {
  readonly direction: Direction;
  readonly from: SqlClient;
  readonly to: SqlClient;
}): Promise<void> {
  const crossed = (what: string) => crossedConnection(direction, what);
  const mark = [randomInt(1, 2 ** 31), randomInt(1, 2 ** 31)];
  await from.query('SELECT pg_advisory_lock($1, $2)', mark);
  try {
    const seen = await queryRows<{ seen: boolean }>(
      to,
      `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::bigint::oid
                         AND objid = $2::bigint::oid AND objsubid = 2) AS seen`,
      mark,
    );
    const onFrom = await readServer(from);
    const onTo = await readServer(to);
    const names = `${direction.from}: ${onFrom.database}, ${direction.to}: ${onTo.database}`;
    if (seen[0]?.seen !== false || (onFrom.startedAt === onTo.startedAt && onFrom.address === onTo.address)) {
      throw crossed(
        `the connections of ${direction.from} and ${direction.to} lead to the same server (databases ${names})`,
      );
    }
    if (onFrom.system !== onTo.system) {
      throw crossed(`the server of ${direction.to} is no copy of ${direction.from}'s: their system identifiers differ`);
    }
    if (onFrom.database !== onTo.database) {
      throw crossed(`the connections lead to databases of different names (${names})`);
    }
  } finally {
    await from.query('SELECT pg_advisory_unlock($1, $2)', mark);
  }
}

async function readServer(client: SqlClient): Promise<Server> {
  const [server] = await queryRows<Server>(
    client,
    `SELECT current_database() AS database, (pg_control_system()).system_identifier::text AS system,
            pg_postmaster_start_time()::text AS "startedAt", host(inet_server_addr()) || ':' || inet_server_port() AS address`,
  );
  if (server === undefined) throw new Error('a server did not describe itself');
  return server;
}

function crossedConnection({ to }: Direction, what: string): CutoverFault {
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `${what}; nothing was changed; correct the address of ${to}'s database in the config`,
  );
}
