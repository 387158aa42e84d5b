import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/**
 * Lets a role ask who serves (`claim_epoch`, `serves`, `prepares`, `outcome`), be a member (`beat_member`, `leave_member`), and nothing else: in `hydra_cutover_asks`,
 * which holds no table that could be locked. Idempotent.
 *
 * @throws CutoverFault CHECK_FAILED when there is no such role
 */
export async function grantArbiter(client: SqlClient, role: string): Promise<void> {
  const [found] = await queryRows<{ name: string }>(
    client,
    'SELECT quote_ident(rolname) AS name FROM pg_catalog.pg_roles WHERE rolname = $1',
    [role],
  );
  if (found === undefined) {
    throw new CutoverFault('CHECK_FAILED', `the gateways' role ${role} does not exist in this database; create it`);
  }
  await client.query(
    `GRANT USAGE ON SCHEMA hydra_cutover_asks TO ${found.name};
     GRANT EXECUTE ON FUNCTION hydra_cutover_asks.claim_epoch(bigint, bigint, text), hydra_cutover_asks.serves(bigint),
       hydra_cutover_asks.prepares(bigint), hydra_cutover_asks.outcome(),
       hydra_cutover_asks.beat_member(uuid, text, integer, bigint, bigint), hydra_cutover_asks.leave_member(uuid)
       TO ${found.name}`,
  );
}
