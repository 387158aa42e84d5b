import { CutoverFault } from '../../domain/faults';
import { type OnlinePlan } from '../../domain/in-place/online-plan';
import { tablesOfOthers } from '../../hydra/closing';
import { book } from '../../hydra/in-place/bookkeeping';
import { type Catalog, compareCatalogs, describeDifferences, readCatalog } from '../../hydra/in-place/catalog';
import { layCompatibility, switchOldSessions } from '../../hydra/in-place/compatibility';
import { keepPlan, readKeptRun } from '../../hydra/in-place/keep-plan';
import { runActs } from '../../hydra/in-place/run-acts';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive, pathOf, placeOf, withActTools } from './prepare-live';
import { recycleOldSessions } from './recycle-sessions';

/**
 * The compatibility layer of the running version: kept plan, views, the switch of its role, and proof that no session of it is
 * older than the switch. Nothing of Hydra's is changed before this has returned.
 *
 * Idempotent. @throws CutoverFault CUTOVER_RUNNING | CHECK_FAILED | LOCK_BUSY
 */
export async function layLayer(
  deps: InPlaceDeps,
  { cutoverId, plan }: { readonly cutoverId: string; readonly plan: OnlinePlan },
  context: StepContext,
): Promise<{ readonly views: readonly string[]; readonly sessions: number }> {
  const place = await placeOf(deps);
  return onLive(deps, context, async (client) => {
    await keepPlan(client, cutoverId, plan);
    const views = await layCompatibility(client, place, {
      ...pathOf(deps.settings),
      changedTables: plan.changedTables,
    });
    const since = await switchOldSessions(client, place);
    const seen = await recycleOldSessions(deps, client, place, since, context);
    return { views, sessions: seen.all };
  });
}

/**
 * The acts of the kept plan that are not done yet, then the bookkeeping. Before the first one it proves once more that the old
 * version's sessions look into the views.
 *
 * Idempotent; goes on where an earlier try stopped. @throws CutoverFault CHECK_FAILED | LOCK_BUSY | MIGRATION_FAILED
 */
export async function migrateOnline(
  deps: InPlaceDeps,
  { expected }: { readonly expected: Catalog },
  context: StepContext,
): Promise<{ readonly acts: number; readonly durationMs: number }> {
  const startedAt = Date.now();
  const place = await placeOf(deps);
  return withActTools(deps, context, async (tools) => {
    const kept = await readKeptRun(tools.client);
    if (kept?.switchedAt == null) {
      throw new CutoverFault('CHECK_FAILED', 'the compatibility layer is not laid; start again, it is laid first');
    }
    await recycleOldSessions(deps, tools.client, place, kept.switchedAt, context);
    await runActs(tools, kept.plan);
    await book(tools, kept.plan);
    await assertVendorsCatalog(deps, tools.client, expected);
    return { acts: kept.plan.acts.length, durationMs: Date.now() - startedAt };
  });
}

/** Names that the vendor's migration leaves behind and nobody reads. */
const LEFT_OUT = /^(table|column|index|constraint) schema_migration_pop_legacy\b/;

/** What others have in the schema stays what it is: only what the vendor's migration made or changed is compared. */
async function assertVendorsCatalog(
  deps: InPlaceDeps,
  client: Parameters<typeof readCatalog>[0],
  expected: Catalog,
): Promise<void> {
  const { schema, owner } = deps.settings;
  const found = await readCatalog(client, schema);
  const differences = compareCatalogs(
    expected,
    found,
    (object) => LEFT_OUT.test(object) || expected[object] === undefined,
  );
  if (differences.length > 0) {
    throw new CutoverFault(
      'MIGRATION_FAILED',
      `the schema is not what the vendor's own migration makes: ${describeDifferences(differences)}; correct it by hand, then start again: what is done is not repeated`,
      { differences: differences.length },
    );
  }
  const foreign = (await tablesOfOthers(client, schema, owner)).filter(
    (table) => expected[`table ${table}`] !== undefined,
  );
  if (foreign.length === 0) return;
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `tables do not belong to ${owner}: ${foreign.join(', ')}; run ALTER TABLE … OWNER TO ${owner}, then start again`,
    { tables: foreign },
  );
}
