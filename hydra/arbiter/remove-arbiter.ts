import { CutoverFault } from '../../domain/faults';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type LockRetryOptions } from './lock-retry';
import { type OwnRemoval, beginOwnRemoval, removeInOneTransaction } from './own-removal';
import { schemaOwner } from '../as-owner';
import { quoteIdentifier } from '../cleaning/session';
import { quoteLiteral } from '../closing/role-password';
import { hasOurs } from '../ours';

export interface RemoveArbiterOptions extends LockRetryOptions {
  /** A physical copy that nobody serves from: its state is that of the source and means nothing. @default false */
  readonly copy?: boolean;
  /** @default whoever's arbiter is found here */
  readonly cutoverId?: string;
}

/**
 * Takes the right to begin an attempt away, then everything of ours off Hydra's tables, one table per transaction, then drops
 * schemas `hydra_cutover`, `hydra_cutover_barrier` and `hydra_cutover_asks`. Tolerates whatever is missing. Never `DROP SCHEMA ... CASCADE` while triggers depend on it: that holds one table while it waits for the next.
 *
 * Each transaction asserts that the arbiter whose removal began is the one that is there still: nothing of a later cutover goes.
 *
 * @throws CutoverFault CHECK_FAILED (committed here: the guard stays as long as this database exists; closed: it would let writes in
 *   that are on no other side; or another cutover's arbiter is there) | LOCK_BUSY (an attempt is alive, or a table stays locked; what was removed so far stays
 *   removed, and no attempt can begin)
 */
export async function removeArbiter(client: SqlClient, options: RemoveArbiterOptions = {}): Promise<void> {
  const removal = await beginOwnRemoval(client, options.cutoverId, () => options.copy === true);
  await dropTriggers(client, options, removal);
  await removeInOneTransaction(client, removal, 'hydra_cutover', options, async () => {
    const left = await tablesWithTriggers(client);
    if (left.length > 0) {
      throw new CutoverFault(
        'LOCK_BUSY',
        `triggers were added meanwhile on ${left.map(({ name }) => name).join(', ')}`,
      );
    }
    await client.query('DROP SCHEMA IF EXISTS hydra_cutover, hydra_cutover_barrier, hydra_cutover_asks CASCADE');
  });
}

interface TableTriggers {
  readonly name: string;
  /** Quoted. */
  readonly triggers: readonly string[];
}

/** Every trigger that calls a function of ours, whatever made it. */
function tablesWithTriggers(client: SqlClient): Promise<TableTriggers[]> {
  return queryRows(
    client,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, array_agg(quote_ident(t.tgname)::text ORDER BY t.tgname) AS triggers
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
       JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace
      WHERE f.nspname = 'hydra_cutover' AND n.nspname <> 'hydra_cutover' AND NOT t.tgisinternal
      GROUP BY 1 ORDER BY 1`,
  );
}

async function dropTriggers(client: SqlClient, options: LockRetryOptions, removal: OwnRemoval): Promise<void> {
  const isGuarded = await hasOurs(client, 'hydra_cutover.guarded');
  const owner = await schemaOwner(client);
  for (const { name, triggers } of await tablesWithTriggers(client)) {
    const drops = triggers.map((trigger) => `DROP TRIGGER IF EXISTS ${trigger} ON ${name}`);
    // Its row goes with it, so that an installation after half a removal puts the guard back.
    if (isGuarded) drops.push(`DELETE FROM hydra_cutover.guarded WHERE table_oid = ${quoteLiteral(name)}::regclass`);
    if (owner !== null) drops.push(`REVOKE UPDATE ON ${name} FROM ${quoteIdentifier(owner)}`);
    if (!(await removeInOneTransaction(client, removal, name, options, drops.join('; ')))) return;
  }
}
