import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { type Logger } from '../../config/logger';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { SCHEMA, SCHEMA_LOCK } from './schema';

const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 10;

/** The policies of one subject that the job may judge. */
export interface SubjectPolicies {
  readonly subject: string;
  readonly clients: readonly string[];
}

export const RUN_OUTCOMES = ['completed', 'failed', 'interrupted'] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

export interface RunCounts {
  readonly subjects: number;
  readonly policies: number;
  /** Subjects whose consent sessions could not be listed completely: left alone. */
  readonly incomplete: number;
  readonly purged: number;
}

/** One run of the cleanup job, as kept in the database. */
export interface CleanupRun extends RunCounts {
  readonly id: number;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly outcome: RunOutcome;
  readonly epoch: number;
  readonly message: string | null;
}

/** The policy service's own database. Every method throws CutoverFault DB_UNREACHABLE when it does not answer. */
export class PolicyStore {
  private constructor(private readonly pool: Pool) {}

  /** Connects and creates what is missing; safe when several instances start at once. */
  static async open(connectionString: string, logger: Logger): Promise<PolicyStore> {
    const pool = new Pool({
      connectionString,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      application_name: 'policy-service',
    });
    pool.on('error', (error) => logger.warn({ err: error }, 'idle database connection lost'));
    const store = new PolicyStore(pool);
    try {
      await store.transaction(async (client) => {
        await client.query('SELECT pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
        await client.query(SCHEMA);
        await client.query(
          "UPDATE cleanup_run SET ended_at = clock_timestamp(), outcome = 'interrupted', message = 'the process ended' WHERE ended_at IS NULL",
        );
      });
    } catch (error) {
      await pool.end();
      throw error;
    }
    return store;
  }

  /** Idempotent: a repeat renews the policy, which also protects it from a cleanup run that began before. */
  async put(subject: string, client: string, document: unknown): Promise<void> {
    await this.query(
      `INSERT INTO policy (subject, client, document) VALUES ($1, $2, $3)
       ON CONFLICT (subject, client) DO UPDATE SET document = excluded.document, updated_at = clock_timestamp()`,
      [subject, client, JSON.stringify(document)],
    );
  }

  async has(subject: string, client: string): Promise<boolean> {
    const rows = await this.query('SELECT 1 FROM policy WHERE subject = $1 AND client = $2', [subject, client]);
    return rows.length > 0;
  }

  /** @returns the moment `ageMs` ago on the database's clock, as text because a Date drops the microseconds */
  async momentAgo(ageMs: number): Promise<string> {
    const sql = "SELECT (clock_timestamp() - $1 * interval '1 millisecond')::text AS moment";
    return (await this.query<{ moment: string }>(sql, [ageMs]))[0]?.moment ?? '';
  }

  /** Up to `limit` subjects after `after`, in order, with their policies last renewed before `asOf`. */
  async subjectsAfter(after: string, asOf: string, limit: number): Promise<readonly SubjectPolicies[]> {
    return this.query<{ subject: string; clients: string[] }>(
      `SELECT subject, array_agg(client ORDER BY client) AS clients FROM policy
        WHERE subject > $1 AND updated_at <= $2::timestamptz GROUP BY subject ORDER BY subject LIMIT $3`,
      [after, asOf, limit],
    );
  }

  /**
   * Deletes these policies unless they were renewed after `asOf`, and keeps a copy of each in `purged_policy`.
   * @returns how many were deleted; undefined when the job is paused, which is decided in the same transaction
   */
  async purge(run: { id: number; epoch: number }, group: SubjectPolicies, asOf: string): Promise<number | undefined> {
    return this.transaction(async (client) => {
      // The lock makes a pause wait for this transaction, and this transaction see a pause that came first.
      const job = await client.query<{ paused: boolean }>('SELECT paused FROM cleanup_job FOR SHARE');
      if (job.rows[0]?.paused !== false) return undefined;
      const purged = await client.query(
        `WITH gone AS (
           DELETE FROM policy WHERE subject = $1 AND client = ANY($2) AND updated_at <= $3::timestamptz RETURNING *)
         INSERT INTO purged_policy (subject, client, document, updated_at, run_id, epoch)
         SELECT subject, client, document, updated_at, $4, $5 FROM gone`,
        [group.subject, group.clients, asOf, run.id, run.epoch],
      );
      return purged.rowCount ?? 0;
    });
  }

  async isPaused(): Promise<boolean> {
    return (await this.query<{ paused: boolean }>('SELECT paused FROM cleanup_job'))[0]?.paused !== false;
  }

  /** Durable when it resolves; no purge that began before is still under way then. */
  async setPaused(paused: boolean): Promise<void> {
    await this.query('UPDATE cleanup_job SET paused = $1', [paused]);
  }

  async beginRun(epoch: number): Promise<number> {
    const sql = 'INSERT INTO cleanup_run (epoch) VALUES ($1) RETURNING id::int AS id';
    return (await this.query<{ id: number }>(sql, [epoch]))[0]?.id ?? 0;
  }

  async endRun(id: number, outcome: RunOutcome, counts: RunCounts, message: string | null): Promise<void> {
    await this.query(
      `UPDATE cleanup_run SET ended_at = clock_timestamp(), outcome = $2, subjects = $3, policies = $4, incomplete = $5,
              purged = $6, message = $7 WHERE id = $1`,
      [id, outcome, counts.subjects, counts.policies, counts.incomplete, counts.purged, message],
    );
  }

  async lastRun(): Promise<CleanupRun | null> {
    const rows = await this.query<CleanupRun>(
      `SELECT id::int AS id, to_json(started_at AT TIME ZONE 'UTC')#>>'{}' || 'Z' AS "startedAt",
              to_json(ended_at AT TIME ZONE 'UTC')#>>'{}' || 'Z' AS "endedAt", outcome, epoch, subjects, policies, incomplete,
              purged, message FROM cleanup_run WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1`,
    );
    return rows[0] ?? null;
  }

  async counts(): Promise<{ policies: number; purged: number }> {
    const sql =
      'SELECT (SELECT count(*) FROM policy)::int AS policies, (SELECT count(*) FROM purged_policy)::int AS purged';
    return (await this.query<{ policies: number; purged: number }>(sql))[0] ?? { policies: 0, purged: 0 };
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private async query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>(sql, [...values])).rows;
    } catch (error) {
      throw asDatabaseFault(error);
    }
  }

  private async transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    let broken: Error | undefined;
    try {
      client = await this.pool.connect();
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // Not handed out again: its transaction may still be open.
      broken = error instanceof Error ? error : new Error(String(error));
      throw asDatabaseFault(error);
    } finally {
      client?.release(broken);
    }
  }
}

/** The driver's text may quote row content; the cause keeps it, the message does not. */
function asDatabaseFault(error: unknown): CutoverFault {
  if (isCutoverFault(error)) return error;
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return new CutoverFault(
    'DB_UNREACHABLE',
    `the policy database did not do what was asked (${code ?? 'no code'}); check that it runs and that POLICY_DATABASE_URL is right`,
    { sqlstate: code },
    error,
  );
}
