import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type StepContext } from '../step';
import { waitFor } from './wait-for';

/**
 * Whether a session of `role` in this database moved because somebody was asked. A question reaches the database, so it shows within a
 * few of them.
 *
 * @param asked.moment the column of pg_stat_activity that has to be younger than the first question
 */
export async function sessionMoved(
  context: StepContext,
  client: SqlClient,
  asked: {
    readonly role: string;
    readonly moment: 'query_start' | 'state_change';
    readonly deadlineMs: number;
    readonly step: string;
    readonly ask: () => Promise<unknown>;
  },
): Promise<boolean> {
  const [clock] = await queryRows<{ now: string }>(client, 'SELECT clock_timestamp()::text AS now');
  return waitFor(context, asked.deadlineMs, { step: asked.step }, async () => {
    await asked.ask();
    const [row] = await queryRows<{ seen: boolean }>(
      client,
      `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()
                         AND ${asked.moment} >= $2::timestamptz) AS seen`,
      [asked.role, clock?.now],
    );
    return row?.seen === true;
  });
}
