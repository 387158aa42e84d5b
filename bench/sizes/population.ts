import { type Client } from 'pg';
import { seed } from '../../world/seeder';
import { copyPathOf } from '../../hydra/paths';

const PATH = copyPathOf({ blue: '1.11.10', green: '2.3.0' });

/** Real rows, of which the others are copies under other keys. */
const SEEDED_GRANTS = 500;

/** What is one thing in every table: a copy has another value everywhere. */
const KEYS: ReadonlySet<string> = new Set([
  'challenge',
  'verifier',
  'csrf',
  'login_challenge',
  'login_session_id',
  'challenge_id',
  'request_id',
  'signature',
  'subject_obfuscated',
]);
/** Whose number does not grow with that of grants. */
const FEW: ReadonlySet<string> = new Set(['hydra_client', 'hydra_jwk', 'hydra_oauth2_trusted_jwt_bearer_issuer']);
const OWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  hydra_oauth2_authentication_session: ['id'],
  hydra_oauth2_obfuscated_authentication_session: ['subject'],
};

/** Fills a migrated database of 1.11.10: some grants as Hydra leaves them, the rest copies of those. @returns rows in all tables */
export async function populate(blue: Client, grants: number): Promise<number> {
  await seed(blue, { profile: 'fixable', grants: SEEDED_GRANTS, seed: 11, asOf: new Date().toISOString() });
  const copies = Math.max(0, Math.round(grants / SEEDED_GRANTS) - 1);
  // Rows that the seeder left without a parent would not survive the foreign keys of a copy; none are made.
  for (const { table } of PATH.captured) {
    if (!FEW.has(table) && copies > 0) await copyRows(blue, table, copies);
  }
  await blue.query('VACUUM ANALYZE');
  let rows = 0;
  for (const { table } of PATH.captured) {
    const { rows: counted } = await blue.query<{ n: number }>(`SELECT count(*)::float8 AS n FROM ${table}`);
    rows += counted[0]?.n ?? 0;
  }
  return rows;
}

async function copyRows(blue: Client, table: string, copies: number): Promise<void> {
  const { rows: columns } = await blue.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  const own = OWN_KEYS[table] ?? [];
  const names = columns.map(({ name }) => name);
  const values = names.map((name) =>
    KEYS.has(name) || own.includes(name) ? `md5(original.${name} || '~' || n)` : `original.${name}`,
  );
  await blue.query(
    `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')}
       FROM (SELECT * FROM ${table} OFFSET 0) AS original, generate_series(1, ${copies}) AS n`,
  );
}
