import { CANARY_STEPS, type CanaryStep, type SealedUser } from '../../domain/ports/canary-user';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { asSchemaOwner } from '../as-owner';
import { inTransaction } from '../cleaning/session';
import { hasOurs } from '../ours';

/** `begun`: somebody went this step, and how it ended was not kept. */
type CanaryStepState = 'begun' | 'held' | 'broken' | 'unknown';

export interface CanaryStepKept {
  readonly step: CanaryStep;
  readonly state: CanaryStepState;
  /** Why it is broken or unknown, or what it could not show. */
  readonly why?: string;
}

/** What the source knows of the canary user of its cutover. */
export interface KeptUser {
  /** Null: he did not get in, or is about to. */
  readonly sealed: SealedUser | null;
  /** Why he did not get in. */
  readonly why: string | null;
  /** There was no snapshot yet when he was in. */
  readonly beforeSnapshot: boolean;
  /** ISO 8601, of the source's clock. */
  readonly loggedInAt: string | null;
  readonly codeAgeMs: number | null;
  readonly steps: readonly CanaryStepKept[];
}

const TABLE = 'hydra_cutover.canary_user';

/**
 * Keeps on the source, in our schema, that a user is about to log in: from here on an undo looks for him.
 * Idempotent; one that is there stays as it is.
 */
export async function noteUser(from: SqlClient): Promise<void> {
  const make = () =>
    from.query(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (
         one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row), sealed text, why text, before_snapshot boolean NOT NULL DEFAULT false,
         logged_in_at timestamptz, code_at timestamptz, steps jsonb NOT NULL DEFAULT '[]')`,
    );
  // What is of ours belongs to that role: everybody else of us takes it for planted otherwise.
  await inTransaction(from, 'BEGIN', 'COMMIT', () => asSchemaOwner(from, make));
  await from.query(`INSERT INTO ${TABLE} DEFAULT VALUES ON CONFLICT DO NOTHING`);
}

/** @returns undefined when there was never one */
export async function readUser(from: SqlClient): Promise<KeptUser | undefined> {
  if (!(await hasOurs(from, TABLE))) return undefined;
  const [row] = await queryRows<KeptUser>(
    from,
    `SELECT sealed, why, before_snapshot AS "beforeSnapshot", steps,
            to_char(logged_in_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "loggedInAt",
            (extract(epoch FROM clock_timestamp() - code_at) * 1000)::float8 AS "codeAgeMs" FROM ${TABLE}`,
  );
  return row === undefined ? undefined : { ...row, steps: row.steps.filter(({ step }) => CANARY_STEPS.includes(step)) };
}

/** He is in. @returns whether that was kept: not where the capture, and he with it, is removed already */
export async function keepLogin(from: SqlClient, sealed: SealedUser, beforeSnapshot: boolean): Promise<boolean> {
  return update(
    from,
    `sealed = $1, why = NULL, before_snapshot = $2, logged_in_at = clock_timestamp(), code_at = clock_timestamp()`,
    [...[sealed, beforeSnapshot]],
  );
}

/** He is not in. */
export async function keepFailure(from: SqlClient, why: string): Promise<void> {
  await update(from, 'why = $1', [why]);
}

export async function keepCode(from: SqlClient, sealed: SealedUser): Promise<void> {
  await update(from, 'sealed = $1, code_at = clock_timestamp()', [sealed]);
}

/** @param sealed as it is after the step, where it changed */
export async function keepSteps(
  from: SqlClient,
  steps: readonly CanaryStepKept[],
  sealed: SealedUser | null,
): Promise<void> {
  await update(from, 'steps = $1::jsonb, sealed = coalesce($2, sealed)', [JSON.stringify(steps), sealed]);
}

/** What opens nothing any more goes, with what is kept of him. Idempotent. */
export async function forgetUser(from: SqlClient): Promise<void> {
  if (await hasOurs(from, TABLE)) await from.query(`DROP TABLE ${TABLE}`);
}

async function update(from: SqlClient, set: string, values: readonly unknown[]): Promise<boolean> {
  if (!(await hasOurs(from, TABLE))) return false;
  const { rowCount } = await from.query(`UPDATE ${TABLE} SET ${set}`, [...values]);
  return (rowCount ?? 0) > 0;
}
