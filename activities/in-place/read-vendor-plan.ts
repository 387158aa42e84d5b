import { CutoverFault } from '../../domain/faults';
import { type OnlinePlan, type RefusedStatement } from '../../domain/in-place/online-plan';
import { type InPlaceCommand } from '../../domain/in-place/settings';
import { type StatementRecorder } from '../../domain/ports/statement-recorder';
import { readBookkeeping } from '../../hydra/in-place/bookkeeping';
import { type Fact, hasTable, readFacts } from '../../hydra/catalog';
import { loadParser, migrationsOf } from '../../hydra/in-place/migrations-of';
import { type OwnBookkeeping, readOwnBookkeeping } from '../../hydra/in-place/own-bookkeeping';
import { planActs } from '../../hydra/in-place/plan-acts';
import { clearScratch, SCRATCH_SCHEMA } from '../../hydra/in-place/scratch';
import { mustRun } from '../hydra-process';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';

/** What the vendor's own migration does, as it was seen on the scratch database. */
export interface VendorPlan {
  readonly plan: OnlinePlan;
  readonly refused: readonly RefusedStatement[];
  /** What the old version makes of an empty database, and the new one of that. */
  readonly before: readonly Fact[];
  readonly after: readonly Fact[];
  /** What the old version enters when it migrates an empty database. */
  readonly ownBookkeeping: OwnBookkeeping;
}

/**
 * Has the old version's `migrate sql` and then the new one's migrate the scratch database, and reads off the wire what the new one
 * does: its statements are never ours to keep.
 *
 * Idempotent: what is on the scratch database is cleared first, if it is ours.
 * @throws CutoverFault CHECK_FAILED (the scratch database is somebody's) | MIGRATION_FAILED | COMMAND_FAILED
 */
export async function readVendorPlan(deps: InPlaceDeps, context: StepContext): Promise<VendorPlan> {
  const { settings, databases } = deps;
  await loadParser();
  const onScratch = <T>(work: (session: Parameters<Parameters<typeof databases.withSession>[1]>[0]) => Promise<T>) =>
    databases.withSession('scratch', work, { signal: context.signal, purpose: 'in place' });
  await onScratch((session) => clearScratch(session));
  context.heartbeat({ step: 'old migrations on the scratch database' });
  await record(deps, context, 'migrateOld');
  const before = await onScratch((session) => readFacts(session, SCRATCH_SCHEMA));
  const ownBookkeeping = await onScratch((session) => readOwnBookkeeping(session, SCRATCH_SCHEMA));
  if (!hasTable(before, 'hydra_client')) throw nothingMade('migrateOld', settings.from);
  context.heartbeat({ step: 'new migrations on the scratch database' });
  const recorded = await record(deps, context, 'migrateNew');
  const after = await onScratch((session) => readFacts(session, SCRATCH_SCHEMA));
  const bookkeeping = await onScratch((session) => readBookkeeping(session, SCRATCH_SCHEMA));
  if (bookkeeping.versions.length === 0) throw nothingMade('migrateNew', settings.to);
  const { acts, refused } = planActs(migrationsOf(recorded.statements()));
  const plan = { from: settings.from, to: settings.to, acts, bookkeeping, changedTables: changedTables(acts, before) };
  return { plan, refused, before, after, ownBookkeeping };
}

async function record(deps: InPlaceDeps, { signal }: StepContext, command: InPlaceCommand): Promise<StatementRecorder> {
  const { database, user } = await deps.databases.address('scratch');
  const recorder = await deps.startRecorder();
  try {
    await deps.withScratchPassword((password) => {
      const DSN = `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${recorder.host}:${recorder.port}/${encodeURIComponent(database)}?sslmode=disable`;
      const where = ' on the scratch database';
      return mustRun(deps.commands, command, { env: { DSN }, signal, code: 'MIGRATION_FAILED', where });
    });
    return recorder;
  } finally {
    await recorder.close();
  }
}

/** Both programs end with 0 after a failure, too. */
function nothingMade(command: InPlaceCommand, version: string): CutoverFault {
  return new CutoverFault(
    'MIGRATION_FAILED',
    `the command ${command} made nothing of Hydra ${version} on the scratch database; see that it takes its DSN from the environment and that its program can reach this machine`,
    { command },
  );
}

/** Tables that were there before and get columns. */
function changedTables(acts: OnlinePlan['acts'], before: readonly Fact[]): string[] {
  const changed = acts.flatMap((act) =>
    act.kind === 'ddl' ? act.makes.flatMap((mark) => (mark.has === 'column' ? [mark.table] : [])) : [],
  );
  return [...new Set(changed)].filter((table) => hasTable(before, table)).sort();
}
