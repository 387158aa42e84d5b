import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { type ClientBase, type QueryResult } from 'pg';
import { CutoverFault } from '../../domain/faults';
import { type BatchSettings, type RowCounts, addCount, inTransaction, loadSql, writeBatches } from './batches';
import { systemKey } from './hydra-crypto';
import { writeMachineTokens, writeTrustedIssuers } from './machine-rows';
import { type Defect, type SeedProfile, PROFILES } from './profiles';
import { seededClients } from './seeded-clients';

export { type Defect, type Expectation, type SeedProfile, PROFILES, SEED_PROFILES } from './profiles';
export { SEEDED_CLIENT_SECRET } from './seeded-clients';
export { type SeededToken, seededTokens } from './seeded-tokens';

/** Of each hundred finished grants, so many attempts that came to nothing or are under way. */
const UNFINISHED_PERCENT = 15;
const MAX_GRANTS = 20_000_000;
/** Written while the attempts are only a plan: two consents of one login have to be born that way. */
const PLANTED_BEFORE_ROWS: readonly Defect[] = ['C01'];
const DEFAULT_ISSUER = 'https://127.0.0.1:9000/';
const DISK_FULL = '53100';
const UNDEFINED_TABLE = '42P01';

export interface SeedOptions {
  readonly profile: SeedProfile;
  /** Finished grants; unfinished attempts come on top. */
  readonly grants: number;
  /** Same seed, same rows. */
  readonly seed: number;
  /** The "now" of the history, ISO-8601. Nothing happened later, and what is live is live at this time. */
  readonly asOf: string;
  /**
   * Hydra's first `secrets.system`. With it, seeded tokens work at that Hydra. Without it, sessions are stored as plain JSON, as with
   * `oauth2.session.encrypt_at_rest: false`, and no token works anywhere.
   */
  readonly systemSecret?: string;
  /** Hydra's `urls.self.issuer`, with its trailing slash. @default https://127.0.0.1:9000/ */
  readonly issuer?: string;
  /** Existing clients that own the history. @default clients of its own */
  readonly clientIds?: readonly string[];
}

export interface SeedReport {
  readonly profile: SeedProfile;
  readonly grants: number;
  readonly seed: number;
  readonly asOf: string;
  readonly durationMs: number;
  /** Rows inserted by this run. */
  readonly rows: Readonly<Record<string, number>>;
  /** Rows (or objects) with a planted defect, by rule. */
  readonly planted: Readonly<Partial<Record<Defect, number>>>;
}

/**
 * Writes years of history into the migrated database of a 1.11.10, in transactions small enough for a Hydra at work on it.
 *
 * Repeatable: the same options add what is missing and nothing else, so a run that was killed is finished by the next. Different seeds
 * add to each other. Uses temporary tables of `client`'s session.
 * @throws CutoverFault USAGE | CHECK_FAILED (not the schema of 1.11.10) | DISK_FULL
 */
export async function seed(client: ClientBase, options: SeedOptions): Promise<SeedReport> {
  assertOptions(options);
  const started = performance.now();
  try {
    await assertSchema(client);
    const result = await write(client, options);
    const { profile, grants, seed: number, asOf } = options;
    return { profile, grants, seed: number, asOf, durationMs: Math.round(performance.now() - started), ...result };
  } catch (error) {
    throw translate(error);
  }
}

async function write(client: ClientBase, options: SeedOptions): Promise<Pick<SeedReport, 'rows' | 'planted'>> {
  const profile = PROFILES[options.profile];
  const defects: readonly Defect[] = profile.defects;
  const rows: RowCounts = {};
  const planted: Partial<Record<Defect, number>> = {};
  const asOf = new Date(options.asOf).toISOString();
  const settings: BatchSettings = {
    seed: options.seed,
    issuer: options.issuer ?? DEFAULT_ISSUER,
    key: systemKey(options.systemSecret ?? `no secret for seed ${options.seed}`),
    encryptSessions: options.systemSecret !== undefined,
    prefix: createHash('md5').update(`seed:${options.seed}`).digest('hex'),
    attempts: options.grants + Math.ceil((options.grants * UNFINISHED_PERCENT) / 100),
  };

  const clients = seededClients(options.seed, options.grants, profile.awkwardValues);
  const clientIds = options.clientIds ?? clients.ids;
  if (options.clientIds === undefined) {
    addCount(rows, 'hydra_client', await client.query(loadSql('sql/clients'), [...clients.columns, asOf]));
  }
  await planAttempts(client, options, settings, clientIds, asOf);
  for (const defect of defects.filter((name) => PLANTED_BEFORE_ROWS.includes(name))) {
    planted[defect] = await plant(client, defect);
  }
  await writeBatches(client, settings, rows);
  await writeMachineTokens(client, settings, options.clientIds ?? clients.machineIds, options.grants, asOf, rows);
  await writeTrustedIssuers(client, settings, asOf, rows);
  const assertions = [settings.prefix, Math.ceil(options.grants / 50), asOf];
  addCount(rows, 'hydra_oauth2_jti_blacklist', await client.query(loadSql('sql/jti-blacklist'), assertions));
  for (const defect of defects.filter((name) => !PLANTED_BEFORE_ROWS.includes(name))) {
    planted[defect] = await plant(client, defect);
  }
  await analyze(client, Object.keys(rows));
  await client.query('DROP TABLE seed_attempt, seed_setting');
  return { rows, planted };
}

async function planAttempts(
  client: ClientBase,
  options: SeedOptions,
  settings: BatchSettings,
  clientIds: readonly string[],
  asOf: string,
): Promise<void> {
  const { awkwardValues } = PROFILES[options.profile];
  await client.query(loadSql('sql/attempt-table'));
  await client.query('INSERT INTO seed_setting VALUES ($1, $2)', [settings.prefix, asOf]);
  const facts = [settings.prefix, options.grants, settings.attempts, asOf, settings.issuer, clientIds, awkwardValues];
  await client.query(loadSql('sql/attempts'), facts);
  await analyze(client, ['seed_attempt']);
}

/** So that the next query is planned well; a small sample, because the wide rows make the usual one cost seconds. */
async function analyze(client: ClientBase, tables: readonly string[]): Promise<void> {
  await inTransaction(client, async () => {
    await client.query('SET LOCAL default_statistics_target = 10');
    for (const table of tables) await client.query(`ANALYZE ${table}`);
  });
}

/** @returns how many rows or objects carry the defect, as the last statement of its file counts them. */
async function plant(client: ClientBase, defect: Defect): Promise<number> {
  return inTransaction(client, async () => {
    await client.query(loadSql('sql/without-keys'));
    // Several statements in one text give several results, which the types of `pg` do not know.
    const results = (await client.query(loadSql(`plants/${defect}`))) as unknown as QueryResult<{ planted: number }>[];
    return results.at(-1)?.rows[0]?.planted ?? 0;
  });
}

function assertOptions(options: SeedOptions): void {
  const problems: string[] = [];
  if (!Number.isInteger(options.grants) || options.grants < 1 || options.grants > MAX_GRANTS) {
    problems.push(`grants is ${options.grants} (allowed: a whole number from 1 to ${MAX_GRANTS})`);
  }
  if (!Number.isSafeInteger(options.seed)) problems.push(`seed is ${options.seed} (allowed: a whole number)`);
  if (Number.isNaN(Date.parse(options.asOf))) problems.push(`asOf is "${options.asOf}" (allowed: an ISO-8601 time)`);
  if (options.clientIds?.length === 0) problems.push('clientIds is empty (leave it out, or name existing clients)');
  if (problems.length > 0) throw new CutoverFault('USAGE', `the seeder cannot work with this: ${problems.join('; ')}`);
}

async function assertSchema(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ blue: boolean; green: boolean }>(
    `SELECT to_regclass('hydra_oauth2_authentication_request_handled') IS NOT NULL AS blue,
            to_regclass('hydra_oauth2_flow') IS NOT NULL AS green`,
  );
  if (rows[0]?.blue === true && !rows[0].green) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    rows[0]?.green === true
      ? 'the database holds the schema of a 2.x Hydra; the seeder writes what 1.11.10 writes: give it a database of 1.11.10'
      : 'the database holds no schema of Hydra 1.11.10; run its `hydra migrate sql` first',
  );
}

function translate(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === DISK_FULL) {
    return new CutoverFault('DISK_FULL', 'the database server has no space left; the next run goes on', {}, error);
  }
  if (code === UNDEFINED_TABLE) {
    return new CutoverFault('CHECK_FAILED', 'the schema of Hydra 1.11.10 is incomplete: a table is missing', {}, error);
  }
  return error;
}
