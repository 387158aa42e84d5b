import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { hasOurs } from '../ours';

export const SAMPLE_KINDS = ['consents', 'client', 'keys', 'issuer'] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];

/** One answer of blue's Hydra. Keys are subjects and client ids: they stay on green, and are removed with our schema. */
export interface Sample {
  readonly kind: SampleKind;
  readonly key: string;
  readonly answer: unknown;
}

/** Keeps these samples instead of the ones before. */
export async function writeSamples(green: SqlClient, samples: readonly Sample[]): Promise<void> {
  await inTransaction(green, 'BEGIN', 'COMMIT', async () => {
    await green.query(
      `CREATE TABLE IF NOT EXISTS hydra_cutover.sample (kind text, key text, answer jsonb, PRIMARY KEY (kind, key))`,
    );
    await green.query('DELETE FROM hydra_cutover.sample');
    await green.query(
      `INSERT INTO hydra_cutover.sample
       SELECT kind, key, answer FROM jsonb_to_recordset($1::jsonb) AS s(kind text, key text, answer jsonb)`,
      [JSON.stringify(samples)],
    );
  });
}

/** @returns none when there were never any */
export async function readSamples(green: SqlClient): Promise<readonly Sample[]> {
  if (!(await hasOurs(green, 'hydra_cutover.sample'))) return [];
  return queryRows<Sample>(green, 'SELECT kind, key, answer FROM hydra_cutover.sample ORDER BY kind, key');
}
