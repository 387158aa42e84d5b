import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { hasOurs } from '../ours';

/** Where a cutover was begun, for whoever meets it in this database and not in Temporal. Claims and names; no secret. */
export interface CutoverOrigin {
  readonly startedBy: string;
  readonly environment: string;
  readonly workflowId: string;
  /** Address and namespace. */
  readonly temporal: string;
}

export interface OriginDescription extends CutoverOrigin {
  /** The step that was begun last, by its name; null before the first one. */
  readonly step: string | null;
  /** That database's clock, ISO-8601 with offset. */
  readonly stepAt: string | null;
}

/** Apart from `run`, which guards read: this one changes while traffic flows. Goes with the schema. */
const TABLE = `CREATE TABLE IF NOT EXISTS hydra_cutover.origin (
  only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  started_by  text NOT NULL,
  environment text NOT NULL,
  workflow_id text NOT NULL,
  temporal    text NOT NULL,
  step        text,
  step_at     timestamptz
)`;

/** Within the transaction that makes the arbiter: who meets the one finds the other. */
export async function recordOrigin(client: SqlClient, origin: CutoverOrigin): Promise<void> {
  await client.query(TABLE);
  await client.query(
    'INSERT INTO hydra_cutover.origin (started_by, environment, workflow_id, temporal) VALUES ($1, $2, $3, $4)',
    [origin.startedBy, origin.environment, origin.workflowId, origin.temporal],
  );
}

/** Keeps which step a cutover is at. Does nothing where there is no arbiter of that cutover. */
export async function recordStep(client: SqlClient, cutoverId: string, step: string): Promise<void> {
  if (!(await hasOrigin(client))) return;
  await client.query(
    `UPDATE hydra_cutover.origin SET step = $2, step_at = clock_timestamp()
      WHERE EXISTS (SELECT 1 FROM hydra_cutover.run WHERE cutover_id = $1)`,
    [cutoverId, step],
  );
}

export const ORIGIN_SQL = `SELECT jsonb_build_object('startedBy', started_by, 'environment', environment, 'workflowId', workflow_id,
    'temporal', temporal, 'step', step, 'stepAt', step_at) AS origin FROM hydra_cutover.origin`;

/** @returns undefined where nobody recorded it */
export async function describeOrigin(client: SqlClient): Promise<OriginDescription | undefined> {
  if (!(await hasOrigin(client))) return undefined;
  const [row] = await queryRows<{ origin: OriginDescription }>(client, ORIGIN_SQL);
  return row?.origin;
}

/** For messages: who, from where, how far. */
export function tellOrigin(origin: OriginDescription | undefined): string {
  if (origin === undefined) return 'nobody recorded who started it, and from where';
  const { startedBy, workflowId, temporal, step, stepAt } = origin;
  const far = step === null ? 'no step recorded yet' : `last step ${step}, begun ${stepAt ?? 'at an unknown time'}`;
  return `started by ${startedBy} as workflow ${workflowId} of ${temporal}; ${far}`;
}

async function hasOrigin(client: SqlClient): Promise<boolean> {
  return hasOurs(client, 'hydra_cutover.origin');
}
