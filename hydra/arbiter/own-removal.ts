import { CutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { SQL_STATES, hasSqlState } from '../sql-state';
import { describeArbiter } from './describe-arbiter';
import { type LockRetryOptions, withLockRetry } from './lock-retry';
import { takeRightToBegin } from './take-right-to-begin';

/** What a removal goes on with: asserted in each of its transactions. */
export interface OwnRemoval {
  /** SQL that fails with `notOurs` or `allGone` of {@link SQL_STATES} where the arbiter of this removal is not there any more; empty where none ever was. */
  readonly assertion: string;
}

/**
 * Begins a removal, or goes on with one, of the arbiter that is here now. Idempotent.
 *
 * @param cutoverId whose arbiter is removed; without it, whoever's is found here
 * @param mayBe the states in which no right has to be taken first
 * @throws CutoverFault as {@link takeRightToBegin}
 */
export async function beginOwnRemoval(
  client: SqlClient,
  cutoverId: string | undefined,
  mayBe: (state: string) => boolean,
): Promise<OwnRemoval> {
  const found = await describeArbiter(client);
  if (found === undefined) return { assertion: '' };
  // Which refuses another cutover's, whatever its state.
  const isOther = cutoverId !== undefined && found.cutoverId !== cutoverId;
  if (isOther || !mayBe(found.state)) {
    await takeRightToBegin(client, cutoverId ?? found.cutoverId);
    return { assertion: assertion(found.nonce, 'removing') };
  }
  return { assertion: assertion(found.nonce, found.state) };
}

/**
 * FOR SHARE: the schema cannot go, and with it nobody else's can come, before the transaction that asks ends.
 */
function assertion(nonce: string, state: string): string {
  return `DO $ours$ BEGIN
    IF to_regclass('hydra_cutover.run') IS NULL THEN
      RAISE EXCEPTION 'hydra-cutover: everything was removed' USING ERRCODE = '${SQL_STATES.allGone}';
    END IF;
    PERFORM 1 FROM hydra_cutover.run WHERE nonce = '${nonce}' AND state = '${state}' FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'hydra-cutover: the arbiter of this removal is gone' USING ERRCODE = '${SQL_STATES.notOurs}';
    END IF;
  END $ours$`;
}

/**
 * One transaction of a removal, see {@link withLockRetry}. A removal that was stopped for so long that another one has ended, and
 * another cutover has begun, removes nothing of that one.
 *
 * @returns false when somebody else has removed everything meanwhile
 * @throws CutoverFault CHECK_FAILED (another cutover's arbiter is there) | LOCK_BUSY
 */
export async function removeInOneTransaction(
  client: SqlClient,
  removal: OwnRemoval,
  table: string,
  options: LockRetryOptions,
  work: string | (() => Promise<unknown>),
): Promise<boolean> {
  const { assertion } = removal;
  const guarded =
    typeof work === 'string'
      ? `${assertion};\n${work}`
      : async () => {
          if (assertion !== '') await client.query(assertion);
          await work();
        };
  try {
    await withLockRetry(client, table, options, guarded);
    return true;
  } catch (error) {
    if (assertion !== '' && hasSqlState(error, 'allGone')) return false;
    if (!hasSqlState(error, 'notOurs')) throw error;
    throw new CutoverFault(
      'CHECK_FAILED',
      `the arbiter whose removal began here is gone, and another one is in its place, so that nothing more was removed (${table} was ` +
        'next); `hydra-cutover status --from-databases` says whose it is',
      { table },
      error,
    );
  }
}
