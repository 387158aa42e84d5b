import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandSaid } from '../domain/command-said';
import { CutoverFault } from '../domain/faults';
import { type CommandResult } from '../domain/ports/command-runner';
import { type DatabaseAddress, type DatabaseSession } from '../domain/ports/databases';
import { type MigrateReceipt, type MigrationTime } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import {
  type MigrationProgress,
  becomePreparer,
  closeMigrationRole,
  costsSince,
  openMigrationRole,
  readCosts,
  readMigrations,
  tablesOfOthers,
} from '../hydra/closing';
import { differsFromFresh } from '../hydra/catalog';
import { pendingInStatus } from './support/migration-status';
import { whileBeating } from './support/while-beating';
import { withEntered } from './support/with-entered';
import { MigrationClock, appliedVersions } from './rehearsal/migration-clock';
import { type Step, type StepContext, type StepDeps } from './step';
import { type SideName } from '../domain/sides';

/** One migration at a time, whoever runs it: an earlier try may not be over yet. */
const ONE_AT_A_TIME = `SELECT pg_try_advisory_lock(hashtext('hydra_cutover'), hashtext('migrate')) AS mine`;
/** What a server allows a session that nobody could end: the last resort for clean-up. */
const CLEAN_UP_MS = 30_000;

/**
 * Runs Hydra's own `migrate sql` on the copy through the command `migrate`, as a role of the migration's own that acts as the owner of
 * Hydra's tables. Judged by `schema_migration` and, where the config has it, by what the command `migrateStatus` prints: Hydra's
 * exit code says 0 after a failure, too.
 *
 * Idempotent: a repeat goes on behind the last migration that is applied, or finds all of them applied. When it is cancelled or out
 * of time, the process and its sessions are ended; what ran is rolled back. Afterwards the role can no longer log in, in any case.
 * @throws CutoverFault MIGRATION_FAILED | COMMAND_FAILED | LOCK_BUSY (an earlier try still runs) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const migrateGreen: Step<StepInput, MigrateReceipt> = (deps, input, context) => {
  const startedAt = Date.now();
  const { to } = deps.direction;
  return withEntered(deps, input, context, 'migrate', async (session) => {
    const [lock] = (await session.query(ONE_AT_A_TIME)).rows as { mine: boolean }[];
    if (lock?.mine !== true) {
      throw new CutoverFault('LOCK_BUSY', `an earlier try of the migration of ${to} is not over yet; try again`);
    }
    const copy = await becomePreparer(session, input.cutoverId, to);
    const role = deps.settings.green.migrationRole;
    // A worker that died may have left its command behind, which would go on.
    await closeMigrationRole(copy, role);
    const version = deps.settings.hydraVersion[to];
    const before = await readMigrations(copy, version, to);
    const costsBefore = await readCosts(copy);
    const slowest = before.complete ? [] : await migrate(deps, input, context, copy);
    const costs = before.complete ? undefined : await costsSince(copy, costsBefore);
    const progress = await readMigrations(copy, version, to);
    if (!progress.complete) throw incomplete(to, progress);
    const { hydraRole } = deps.settings.green;
    const foreign = await tablesOfOthers(copy, deps.settings.hydraSchema, hydraRole);
    if (foreign.length > 0) {
      throw new CutoverFault(
        'MIGRATION_FAILED',
        `tables on ${to} do not belong to ${hydraRole}: ${foreign.join(', ')}; Hydra could not write to them`,
        { tables: foreign },
      );
    }
    await assertLikeFresh(deps, copy);
    const durationMs = Date.now() - startedAt;
    return { applied: progress.applied, pending: 0, durationMs, slowest, ...(costs && { costs }) };
  });
};

/** Whatever the bookkeeping says: the copy's tables, keys and indexes are those of a fresh database. */
async function assertLikeFresh({ settings, direction: { from, to } }: StepDeps, copy: DatabaseSession): Promise<void> {
  const version = settings.hydraVersion[to];
  const differences = await differsFromFresh(copy, { schema: settings.hydraSchema, version });
  if (differences.length === 0) return;
  const told = differences.slice(0, 10).map(({ object, why }) => `${object} ${why}`);
  const rest = differences.length > told.length ? ` and ${differences.length - told.length} more` : '';
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `${to} is migrated, and its schema is not that of a fresh Hydra ${version}: ${told.join('; ')}${rest}; fix it on ${from} and begin again`,
    { objects: differences.map(({ object }) => object) },
  );
}

/** @returns the migrations that took longest */
async function migrate(
  deps: StepDeps,
  input: StepInput,
  context: StepContext,
  copy: DatabaseSession,
): Promise<readonly MigrationTime[]> {
  const { settings } = deps;
  const { to } = deps.direction;
  const version = settings.hydraVersion[to];
  const { hydraRole, migrationRole: role } = settings.green;
  const address = await deps.databases.address(to);
  const { statementTimeoutMs, lockTimeoutMs } = settings.migration;
  const password = await openMigrationRole(copy, {
    ...{ name: role, owner: hydraRole, schema: settings.hydraSchema },
    ...{ statementTimeoutMs, lockTimeoutMs },
  });
  const authorities = await fileOf(address.ca);
  const login = { role, password, caFile: authorities?.path };
  const env = commandEnv(input, to, address, login);
  try {
    const clock = new MigrationClock(await appliedVersions(copy), Date.now());
    const look = async () => {
      const { applied, expected } = await readMigrations(copy, version, to);
      clock.look(await appliedVersions(copy), Date.now());
      return { step: 'migrating', applied, expected };
    };
    const { timeoutMs } = settings.migration;
    const options = { env, timeoutMs, signal: context.signal };
    const result = await whileBeating(context, look, () => deps.commands.run('migrate', options));
    const progress = await readMigrations(copy, version, to);
    if (!progress.complete) throw incomplete(to, progress, result);
    clock.look(await appliedVersions(copy), Date.now());
    await assertStatusAgrees(deps, context, env);
    return clock.slowest();
  } finally {
    await letNobodyIn(deps, context, copy, role);
    await authorities?.remove();
  }
}

/** Hydra's drivers take the authorities that they shall trust from a file only. */
async function fileOf(ca: string | undefined): Promise<{ path: string; remove: () => Promise<void> } | undefined> {
  if (ca === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'hydra-cutover-ca-'));
  // Certificates are public, and the command may run as somebody else.
  await chmod(folder, 0o755);
  const path = join(folder, 'ca.pem');
  await writeFile(path, ca, { mode: 0o644 });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A cancelled step has no session any more; the role must not outlive it all the same. */
async function letNobodyIn(deps: StepDeps, step: StepContext, copy: DatabaseSession, role: string): Promise<void> {
  const failed = step.signal.aborted || !(await succeeds(() => closeMigrationRole(copy, role)));
  if (!failed) return;
  const signal = AbortSignal.timeout(CLEAN_UP_MS);
  const again = (session: DatabaseSession) => closeMigrationRole(session, role);
  await deps.databases.withSession(deps.direction.to, again, { signal, purpose: 'end migration' });
}

async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    // Tried again in a session of its own, whose error is the one that counts.
    return false;
  }
}

async function assertStatusAgrees(
  deps: StepDeps,
  { signal }: StepContext,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  if (!deps.commands.has('migrateStatus')) return;
  const result = await deps.commands.run('migrateStatus', { env, signal });
  const pending = pendingInStatus(result.stdout);
  if (pending === 0) return;
  const seen =
    pending === undefined
      ? `said nothing about migrations (exit code ${result.exitCode ?? 'none'})`
      : `lists ${pending} as pending`;
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `all migrations are in schema_migration, but the command migrateStatus ${seen}; is it the right version? ${commandSaid('migrateStatus', result)}`,
    { pending: pending ?? -1 },
  );
}

interface MigrationLogin {
  readonly role: string;
  readonly password: string;
  readonly caFile: string | undefined;
}

function commandEnv(
  { cutoverId }: StepInput,
  side: SideName,
  { host, port, database, sslMode }: DatabaseAddress,
  { role, password, caFile }: MigrationLogin,
): Record<string, string> {
  const trusted = caFile === undefined ? '' : `&sslrootcert=${encodeURIComponent(caFile)}`;
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}/${encodeURIComponent(database)}`;
  return {
    DSN: `postgres://${encodeURIComponent(role)}:${password}@${at}?sslmode=${encodeURIComponent(sslMode)}${trusted}`,
    CUTOVER_ID: cutoverId,
    CUTOVER_SIDE: side,
    CUTOVER_DB_HOST: host,
    CUTOVER_DB_PORT: String(port),
    CUTOVER_DB_NAME: database,
  };
}

function incomplete(to: SideName, progress: MigrationProgress, result?: CommandResult): CutoverFault {
  const { applied, expected, unknown } = progress;
  const other = unknown > 0 ? `, ${unknown} of them unknown to the version of ${to}` : '';
  const migration = result === undefined ? undefined : failedMigration(result.causeLines);
  const failed = migration === undefined ? '' : `; migration ${migration} failed`;
  const said =
    result === undefined ? '' : ` after exit code ${result.exitCode ?? 'none'}. ${commandSaid('migrate', result)}`;
  return new CutoverFault(
    'MIGRATION_FAILED',
    `${applied} of ${expected} migrations are applied on ${to}${other}${failed}${said}. A repeat goes on there`,
    { applied, expected, unknown, ...(migration === undefined ? {} : { migration }) },
  );
}

/** Hydra names the file: `migrations/20220513000001000002_string_slice_json.postgres.up.sql`. Seen with 2.3.0. */
function failedMigration(causeLines: readonly string[]): string | undefined {
  for (const line of causeLines) {
    const found = /\b(\d{14,20}_\w+)(?:\.\w+)*\.sql\b/.exec(line);
    if (found?.[1] !== undefined) return found[1];
  }
  return undefined;
}
