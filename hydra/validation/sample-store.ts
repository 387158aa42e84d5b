import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { inTransaction } from '../cleaning/session';
import { hasOurs } from '../ours';

type SampleKind = 'consents' | 'client' | 'keys' | 'issuer';

/** One answer of the source's Hydra. Keys are subjects and client ids: they stay on the target, and are removed with our schema. */
export interface Sample {
  readonly kind: SampleKind;
  readonly key: string;
  readonly answer: unknown;
}

/**
 * Keeps these samples instead of the ones before. As text: what an older Hydra answers may hold what jsonb cannot. One that is nested more
 * deeply than it can be written is left out.
 */
export async function writeSamples(to: SqlClient, samples: readonly Sample[]): Promise<void> {
  const kept = samples.flatMap(({ kind, key, answer }) => {
    const text = textOf(answer);
    return text === undefined ? [] : [{ kind, key, text }];
  });
  await inTransaction(to, 'BEGIN', 'COMMIT', async () => {
    await to.query(
      `CREATE TABLE IF NOT EXISTS hydra_cutover.sample (kind text, key text, answer text, PRIMARY KEY (kind, key))`,
    );
    await to.query('DELETE FROM hydra_cutover.sample');
    await to.query(`INSERT INTO hydra_cutover.sample SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`, [
      kept.map(({ kind }) => kind),
      kept.map(({ key }) => key),
      kept.map(({ text }) => text),
    ]);
  });
}

/** @returns none when there were never any */
export async function readSamples(to: SqlClient): Promise<readonly Sample[]> {
  if (!(await hasOurs(to, 'hydra_cutover.sample'))) return [];
  const rows = await queryRows<Sample & { readonly answer: string }>(
    to,
    'SELECT kind, key, answer FROM hydra_cutover.sample ORDER BY kind, key',
  );
  return rows.map(({ kind, key, answer }) => ({ kind, key, answer: JSON.parse(answer, revive) as unknown }));
}

/** JSON has no number beyond a double's, and JavaScript reads what an older Hydra answers so as infinite. */
const INFINITE = '\u0000infinite:';

function textOf(answer: unknown): string | undefined {
  try {
    return JSON.stringify(answer, (_name, value: unknown) =>
      value === Infinity || value === -Infinity ? `${INFINITE}${value}` : value,
    );
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function revive(_name: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(INFINITE) ? Number(value.slice(INFINITE.length)) : value;
}
