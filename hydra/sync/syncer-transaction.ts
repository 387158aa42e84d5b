import { CutoverFault } from '../../domain/faults';
import { type SqlClient, type Statement, queryRows, together } from '../../domain/ports/sql-client';
import { type Direction, type SideName } from '../../domain/sides';
import { inTransaction } from '../cleaning/session';
import { OUR_PATH, assertNothingPlanted, assertNothingPlantedSince, lockUnplanted } from '../planted';
import { type CopyPath } from '../paths/copy-path';
import { hasSqlState } from '../sql-state';

/** The network that Hydra on the target uses. */
const NETWORK_SQL = 'SELECT id::text AS id FROM networks ORDER BY created_at LIMIT 1';

const NETWORKS = 'networks';

interface SyncerOf {
  readonly path: CopyPath;
  readonly direction: Direction;
  readonly to: SqlClient;
  readonly generation: number;
  readonly nonce: string;
  /** Of Hydra's tables. */
  readonly schema: string;
}

/**
 * Begins a transaction on the target. Until it ends nobody can take the sync over or open the target: it holds the guard's lock and the
 * syncer's row.
 *
 * @throws CutoverFault SYNC_FENCED | CROSSED_CONNECTION | CHECK_FAILED (something on the target's tables would run with our rights); the
 *   caller rolls back
 */
export async function beginAsSyncer({ path, direction, to, generation, nonce, schema }: SyncerOf): Promise<void> {
  const written = writtenTables(path);
  // Log rows are marked done because this commit is durable. The target's tables have an owner too: they are locked as by a write, so that
  // nothing of that role's comes before this transaction ends.
  // What ran beside an earlier one may have changed the session's settings; see assertNothingPlantedSince.
  const settings = `SET LOCAL synchronous_commit = on; SET LOCAL search_path = ${OUR_PATH}; SET LOCAL row_security = off`;
  const begin = `BEGIN; ${settings}; LOCK TABLE ${written.join(', ')} IN ROW EXCLUSIVE MODE; LOCK TABLE ${NETWORKS} IN ACCESS SHARE MODE`;
  await together(to, [
    () => to.query(begin),
    () => assertNothingPlanted(to, { schema, tables: [...written, NETWORKS], isWritten: true }, direction.to),
  ]);
  const [, [held], [run]] = await together(to, [
    // Changes nothing; the guard takes its shared lock, which opening has to wait for. Before the row, as everybody does.
    () => to.query('DELETE FROM hydra_jwk WHERE false').catch((error: unknown) => explainRefusal(error, direction)),
    () => queryRows<{ generation: number }>(to, 'SELECT hydra_cutover.hold_syncer()::float8 AS generation'),
    () =>
      queryRows<{ side: string; nonce: string; state: string }>(
        to,
        'SELECT side, nonce::text AS nonce, state FROM hydra_cutover.run',
      ),
  ]);
  if (run?.nonce !== nonce) {
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `what is reached now is ${run?.side ?? 'no side'} of another cutover or copy; nothing was written; check its address`,
    );
  }
  if (run.state !== 'closed') throw replacedOrOver(`${direction.to} is ${run.state}`);
  if (held?.generation !== generation)
    throw replacedOrOver(`generation ${held?.generation ?? 0} syncs, and this is ${generation}`);
}

/** The network of the target's Hydra, which never changes. In a transaction that has looked. @throws CutoverFault SYNC_FAILED when the target was not migrated */
export async function readNetwork(to: SqlClient, side: SideName): Promise<string> {
  const [network] = await queryRows<{ id: string }>(to, NETWORK_SQL);
  if (network === undefined) {
    throw new CutoverFault('SYNC_FAILED', `${side} has no row in networks: it was not migrated`);
  }
  return network.id;
}

/**
 * {@link readNetwork} in a transaction of its own. READ ONLY and rolled back: of what can come in beside it nothing stays, not even a
 * password that it gave to the login of the sync.
 *
 * @param to names Hydra's tables in full; outside a transaction
 * @throws CutoverFault SYNC_FAILED | CHECK_FAILED (something on the table would run with our rights)
 */
export function askNetwork(to: SqlClient, side: SideName): Promise<string> {
  return inTransaction(to, `BEGIN READ ONLY; SET LOCAL search_path = ${OUR_PATH}`, 'ROLLBACK', async () => {
    await lockUnplanted(to, [NETWORKS], side);
    return readNetwork(to, side);
  });
}

/** The last statement before the commit of such a transaction. */
export function lookAgain(path: CopyPath, schema: string): Statement {
  const tables = [...writtenTables(path), NETWORKS];
  return assertNothingPlantedSince({ schema, tables });
}

function writtenTables({ tables }: CopyPath): readonly string[] {
  return tables.map(({ name }) => name);
}

function explainRefusal(error: unknown, { from, to }: Direction): never {
  if (hasSqlState(error, 'writeRefused')) throw replacedOrOver(`${to} takes no more of ${from}`);
  throw error;
}

function replacedOrOver(why: string): CutoverFault {
  return new CutoverFault('SYNC_FENCED', `this sync was replaced or has ended: ${why}; nothing was written`);
}
