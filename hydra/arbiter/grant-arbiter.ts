import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/**
 * Lets a role ask who serves (`claim_epoch`, `serves`, `prepares`, `outcome`) and nothing else. Idempotent.
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
    `GRANT USAGE ON SCHEMA hydra_cutover TO ${found.name};
     GRANT EXECUTE ON FUNCTION hydra_cutover.claim_epoch(bigint, bigint, text), hydra_cutover.serves(bigint),
       hydra_cutover.prepares(bigint), hydra_cutover.outcome()
       TO ${found.name}`,
  );
}
