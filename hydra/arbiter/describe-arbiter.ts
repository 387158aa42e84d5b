import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { type SideState } from './arbiter';
import { hasOurs } from '../ours';
import { assertSchemaVersion, schemaVersionSql } from './schema-version';

/** Times are that database's clock, ISO-8601 with offset. */
export interface AttemptDescription {
  readonly attempt: number;
  readonly epoch: number;
  readonly state: 'holding' | 'fenced' | 'aborted' | 'committed';
  readonly holdStartedAt: string;
  readonly leaseUntil: string;
  /** By that database's clock, when it was read. */
  readonly leaseOver: boolean;
  readonly decidedAt: string | null;
  readonly decidedBy: string | null;
}

export interface ArbiterDescription {
  readonly cutoverId: string;
  readonly schemaVersion: number;
  readonly side: SideName;
  readonly nonce: string;
  readonly state: SideState;
  readonly epoch: number;
  readonly leaseUntil: string | null;
  readonly syncRole: string | null;
  readonly installedAt: string;
  /** Tables with a guard. */
  readonly guarded: number;
  /** Oldest first. */
  readonly attempts: readonly AttemptDescription[];
}

const ATTEMPTS = `SELECT COALESCE(jsonb_agg(jsonb_build_object(
    'attempt', attempt, 'epoch', epoch, 'state', state, 'holdStartedAt', hold_started_at, 'leaseUntil', lease_until,
    'leaseOver', lease_until <= clock_timestamp(), 'decidedAt', decided_at, 'decidedBy', decided_by) ORDER BY attempt), '[]')
  FROM hydra_cutover.attempt`;

export const DESCRIPTION_SQL = `SELECT jsonb_build_object(
    'cutoverId', cutover_id, 'side', side, 'nonce', nonce, 'state', state, 'epoch', epoch, 'leaseUntil', lease_until,
    'schemaVersion', ${schemaVersionSql('run')}, 'syncRole', sync_role, 'installedAt', installed_at,
    'guarded', (SELECT count(*) FROM hydra_cutover.guarded), 'attempts', (${ATTEMPTS})) AS description
  FROM hydra_cutover.run`;

/**
 * Whose arbiter is in this database, if any. For people, preflight and resuming: decisions claim, they do not look.
 *
 * @returns undefined when there is none
 * @throws CutoverFault SCHEMA_VERSION when another version of this program made it
 */
export async function describeArbiter(client: SqlClient): Promise<ArbiterDescription | undefined> {
  if (!(await hasArbiter(client))) return undefined;
  const [row] = await queryRows<{ description: ArbiterDescription }>(client, DESCRIPTION_SQL);
  if (row !== undefined) assertSchemaVersion(row.description);
  return row?.description;
}

/**
 * Whether `to`, the side that is entered, has taken the writes. Its arbiter may be about to be removed, which begins only where it is open: guards let writes
 * pass meanwhile as before, and what came to an end there goes on.
 */
export function hasTakenWrites(
  { side, state }: { readonly side: SideName; readonly state: SideState },
  to: SideName,
): boolean {
  return side === to && (state === 'open' || state === 'removing');
}

/** The attempt that a resumed switchover goes on with. @returns undefined when there never was one here */
export async function latestAttempt(client: SqlClient): Promise<AttemptDescription | undefined> {
  return (await describeArbiter(client))?.attempts.at(-1);
}

async function hasArbiter(client: SqlClient): Promise<boolean> {
  return hasOurs(client, 'hydra_cutover.run', 'hydra_cutover.attempt');
}
