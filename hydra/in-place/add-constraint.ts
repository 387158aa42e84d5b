import { type OnlineForm } from '../../domain/in-place/online-plan';
import { withLockRetry } from '../arbiter/lock-retry';
import { quoteIdentifier } from '../cleaning/session';
import { isMade } from './catalog-marks';
import { type ActTools } from './run-acts';

/** Adds a constraint that holds for new rows at once, then looks at the others, which stops no writer. Idempotent. */
export async function addConstraint(
  tools: ActTools,
  { table, name, definition }: Extract<OnlineForm, { kind: 'constraint' }>,
): Promise<void> {
  const added = await isMade(tools, [{ has: 'constraint', table, name, absent: false }]);
  const on = `ALTER TABLE ${quoteIdentifier(table)}`;
  if (!added) {
    const sql = `${on} ADD CONSTRAINT ${quoteIdentifier(name)} ${definition} NOT VALID`;
    await withLockRetry(tools.client, table, retryOf(tools), sql);
  }
  await tools.client.query(`${on} VALIDATE CONSTRAINT ${quoteIdentifier(name)}`);
}

/**
 * Makes a column NOT NULL without looking at all rows under a lock: a valid constraint proves it already.
 *
 * Source: PostgreSQL manual, "ALTER TABLE", SET NOT NULL.
 */
export async function setNotNull(
  tools: ActTools,
  { table, column }: Extract<OnlineForm, { kind: 'setNotNull' }>,
): Promise<void> {
  const name = `hydra_cutover_${column}_set`.slice(0, 63);
  const proof = {
    kind: 'constraint',
    table,
    name,
    definition: `CHECK (${quoteIdentifier(column)} IS NOT NULL)`,
  } as const;
  const done = await isMade(tools, [{ has: 'column', table, column }]);
  const nullable = await isMade(tools, [{ has: 'nullable', table, column }]);
  if (done && nullable) {
    await addConstraint(tools, proof);
    const sql = `ALTER TABLE ${quoteIdentifier(table)} ALTER COLUMN ${quoteIdentifier(column)} SET NOT NULL`;
    await withLockRetry(tools.client, table, retryOf(tools), sql);
  }
  const drop = `ALTER TABLE ${quoteIdentifier(table)} DROP CONSTRAINT IF EXISTS ${quoteIdentifier(name)}`;
  await withLockRetry(tools.client, table, retryOf(tools), drop);
}

function retryOf({ lockTimeoutMs, lockAttempts, signal }: ActTools) {
  return { lockTimeoutMs, attemptsPerTable: lockAttempts, signal };
}
