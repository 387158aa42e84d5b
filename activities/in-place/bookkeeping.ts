import { createHash } from 'node:crypto';
import { CutoverFault } from '../../domain/faults';
import { type BookkeepingReceipt } from '../../domain/in-place/receipts';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type BookkeepingInput } from '../../domain/in-place/steps';
import { compareFacts, type Fact, hasTable, readFacts, tellDifferences } from '../../hydra/catalog';
import { tablesOfOthers } from '../../hydra/closing';
import { book, readPending } from '../../hydra/in-place/bookkeeping';
import { readKeptRun } from '../../hydra/in-place/keep-plan';
import { SCRATCH_SCHEMA } from '../../hydra/in-place/scratch';
import { type StepContext } from '../step';
import { type InPlaceDeps, type InPlaceStep } from './deps';
import { withActTools } from './prepare-live';
import { readVendorPlan } from './read-vendor-plan';

/** The vendor's migration leaves it behind, and nobody reads it. */
const LEFT_BEHIND = 'schema_migration_pop_legacy';

/**
 * Enters what was done, and proves that the schema is what the vendor's own migration makes, and that `migrate sql` of neither version
 * has anything to do.
 *
 * Idempotent. @throws CutoverFault MIGRATION_FAILED | CHECK_FAILED | LOCK_BUSY
 */
export const bookMigrations: InPlaceStep<BookkeepingInput, BookkeepingReceipt> = async (deps, input, context) => {
  const expected = await vendorsCatalog(deps, input.catalogDigest, context);
  return withActTools(deps, context, async (tools) => {
    const kept = await readKeptRun(tools.client);
    if (kept === undefined || kept.actsDone < kept.plan.acts.length) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `${kept?.actsDone ?? 0} acts are done: what is not done is not entered as done; start again, it goes on there`,
      );
    }
    await book(tools, kept.plan);
    await assertVendorsCatalog(deps, tools.client, expected);
    const { pending, versions, oldTables } = await readPending(tools, kept.plan.bookkeeping);
    if (pending.length === 0) return { versions, pending: 0, oldTables };
    throw new CutoverFault(
      'MIGRATION_FAILED',
      `schema_migration lacks ${pending.length} of the versions that the new migrate sql looks for (allowed 0), the first ${pending[0] ?? ''}; somebody removed them meanwhile: start again`,
      { pending: pending.length },
    );
  });
};

export function digestOf(facts: readonly Fact[]): string {
  const essence = facts.map(({ kind, table, name, definition }) => [kind, table, name, definition]);
  return createHash('sha256').update(JSON.stringify(essence)).digest('hex');
}

/** As the scratch database still has it, or as it is made there once more. */
async function vendorsCatalog(deps: InPlaceDeps, digest: string, context: StepContext): Promise<readonly Fact[]> {
  const there = await deps.databases.withSession('scratch', (session) => readFacts(session, SCRATCH_SCHEMA), {
    signal: context.signal,
    purpose: 'in place',
  });
  if (digestOf(there) === digest) return there;
  const { after } = await readVendorPlan(deps, context);
  if (digestOf(after) === digest) return after;
  throw new CutoverFault(
    'CHECK_FAILED',
    'the new version makes another schema now than when the plan was approved: its program was replaced meanwhile; put the planned one back, then start again',
  );
}

/** What others have in the schema stays what it is: only what the vendor's migration made or changed is compared. */
async function assertVendorsCatalog(deps: InPlaceDeps, client: SqlClient, expected: readonly Fact[]): Promise<void> {
  const { schema, owner } = deps.settings;
  const differences = compareFacts(expected, await readFacts(client, schema)).filter(
    (one) => one.expected !== undefined && one.table !== LEFT_BEHIND,
  );
  if (differences.length > 0) {
    throw new CutoverFault(
      'MIGRATION_FAILED',
      `the schema is not what the vendor's own migration makes: ${tellDifferences(differences)}; correct it by hand, then start again: what is done is not repeated`,
      { differences: differences.length },
    );
  }
  const foreign = (await tablesOfOthers(client, schema, owner)).filter((table) => hasTable(expected, table));
  if (foreign.length === 0) return;
  throw new CutoverFault(
    'MIGRATION_FAILED',
    `tables do not belong to ${owner}: ${foreign.join(', ')}; run ALTER TABLE … OWNER TO ${owner}, then start again`,
    { tables: foreign },
  );
}
