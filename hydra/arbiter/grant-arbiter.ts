import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/**
 * Lets a role ask who serves (`claim_epoch`, `serves`, `prepares`, `outcome`), be a member (`beat_member`, `leave_member`), and nothing else: in `hydra_cutover_asks`,
 * which holds no table that could be locked. Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED when there is no such role
 */
export async function grantArbiter(client: SqlClient, role: string): Promise<void> {
  const to = await existing(client, role, "the gateways' role");
  await client.query(
    `GRANT USAGE ON SCHEMA hydra_cutover_asks TO ${to};
     GRANT EXECUTE ON FUNCTION hydra_cutover_asks.claim_epoch(bigint, bigint, text), hydra_cutover_asks.serves(bigint),
       hydra_cutover_asks.prepares(bigint), hydra_cutover_asks.outcome(),
       hydra_cutover_asks.beat_member(uuid, text, integer, bigint, bigint), hydra_cutover_asks.leave_member(uuid)
       TO ${to}`,
  );
}

/**
 * Lets a role that reads Hydra's rows for us read what is ours, and do nothing with it: the change log and the revocations, which it joins
 * with them. After the capture; idempotent.
 *
 * @throws CutoverFault CHECK_FAILED when there is no such role
 */
export async function letRead(client: SqlClient, role: string): Promise<void> {
  const to = await existing(client, role, "the worker's role");
  await client.query(
    `GRANT USAGE ON SCHEMA hydra_cutover TO ${to};
     GRANT SELECT ON ALL TABLES IN SCHEMA hydra_cutover TO ${to}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA hydra_cutover TO ${to}`,
  );
}

/**
 * Lets a role that may only look see how things stand here, by one function: it may use no schema with tables, which it could lock.
 * Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED when there is no such role
 */
export async function letLook(client: SqlClient, role: string): Promise<void> {
  const to = await existing(client, role, 'the role that only looks');
  await client.query(
    `GRANT USAGE ON SCHEMA hydra_cutover_asks TO ${to}; GRANT EXECUTE ON FUNCTION hydra_cutover_asks.traces() TO ${to}`,
  );
}

/** @returns it, quoted */
async function existing(client: SqlClient, role: string, what: string): Promise<string> {
  const [found] = await queryRows<{ name: string }>(
    client,
    'SELECT quote_ident(rolname) AS name FROM pg_catalog.pg_roles WHERE rolname = $1',
    [role],
  );
  if (found !== undefined) return found.name;
  throw new CutoverFault('CHECK_FAILED', `${what} ${role} does not exist in this database; create it`);
}
