import { CutoverFault } from '../domain/faults';
import { type CleanReceipt, type Removal } from '../domain/receipts';
import { type SqlClient, queryRows } from '../domain/ports/sql-client';
import { type CleanInput } from '../domain/steps';
import { ADAPTATION_ID, adaptCopy } from '../hydra/catalog';
import { type RuleCount, applyRules, countRules, countTables, largeRemovals } from '../hydra/cleaning';
import { beginCleaning, keepResult, readPreparation } from '../hydra/closing';
import { whileBeating } from './support/while-beating';
import { type Preparing, withClosedRows } from './support/with-entered';
import { type Step, type StepDeps } from './step';
import { pathOfRun } from './support/of-side';

/**
 * Applies the cleaning rules to the copy, and then makes its schema what the migration needs, as far as the plan named it; what either
 * touches is archived there.
 *
 * Idempotent: a repeat goes on with the first try's "now", and once complete, also after the migration, it gives the first result.
 * @throws CutoverFault CHECK_FAILED (data that needs a decision) | REMOVAL_UNCONFIRMED (more rows than a person has said yes to) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const cleanGreen: Step<CleanInput, CleanReceipt> = (deps, input, context) =>
  withClosedRows(deps, input, context, 'clean', async (sides) => {
    const before = await readPreparation(sides.keeper);
    if (before.cleaned !== null) return before.cleaned as CleanReceipt;
    const cleaned = await whileBeating(
      context,
      () => ({ step: 'cleaning' }),
      async () => ({ ...(await clean(deps, sides, input)), ...(await adapt(deps, sides, input)) }),
    );
    await keepResult(sides.keeper, 'cleaned', cleaned);
    return cleaned;
  });

async function clean(
  deps: StepDeps,
  { keeper, copy }: Preparing,
  { confirmed = [] }: CleanInput,
): Promise<CleanReceipt> {
  const path = pathOfRun(deps);
  const counted = await countRules(path, copy, { archiveSchema: 'hydra_cutover' });
  // What an earlier try began was confirmed then, and counts less now.
  if ((await readPreparation(keeper)).cleanCounts === null) await assertConfirmed(deps, copy, counted, confirmed);
  await beginCleaning(keeper, Object.fromEntries(counted.map(({ id, rows }) => [id, rows])));
  const { cleanAsOf, cleanCounts } = await readPreparation(keeper);
  const applied = await applyRules(path, copy, { asOf: cleanAsOf ?? '', keeper });
  const archived = await readArchived(keeper, Object.keys(path.cleaning.rules));
  return {
    rules: applied.map(({ id, rows }) => ({
      id,
      // A rule that an earlier try finished counts nothing now.
      rows: Math.max(rows, cleanCounts?.[id] ?? 0),
      archived: archived.get(id) ?? 0,
    })),
  };
}

/** The count on the copy, before the first row goes: the plan's may have been an estimate, and the left side went on. */
async function assertConfirmed(
  deps: StepDeps,
  copy: SqlClient,
  counted: readonly RuleCount[],
  confirmed: readonly Removal[],
): Promise<void> {
  const { settings } = deps;
  const { cleaning } = pathOfRun(deps);
  const rows = await countTables(cleaning, copy, counted);
  const { removedShareMax } = settings.cleaning;
  const removals = largeRemovals(cleaning, counted, (table) => rows.get(table) ?? 0, removedShareMax);
  const isConfirmed = (one: Removal): boolean =>
    confirmed.some(({ rule, table, rows: most }) => rule === one.rule && table === one.table && one.rows <= most);
  if (removals.every(isConfirmed)) return;
  const told = removals.map(
    ({ rule, table, rows: some, of }) => `${rule} would remove ${some} of ${of} rows of ${table}`,
  );
  throw new CutoverFault(
    'REMOVAL_UNCONFIRMED',
    `${told.join('; ')} (allowed without a word: ${removedShareMax * 100} %); nothing was removed`,
    { removals: removals.map((one) => JSON.stringify(one)) },
  );
}

/** After the rules: a key that is made again holds for cleaned rows alone. */
async function adapt(
  deps: StepDeps,
  { keeper, copy }: Preparing,
  { adapt: approved = [] }: CleanInput,
): Promise<Pick<CleanReceipt, 'adapted'>> {
  const { hydraSchema: schema, hydraVersion } = deps.settings;
  const [from, to] = [hydraVersion[deps.direction.from], hydraVersion[deps.direction.to]];
  const { cleanAsOf } = await readPreparation(keeper);
  await adaptCopy(copy, { schema, from, to, approved, asOf: cleanAsOf ?? '' });
  const rows = await queryRows<{ object: string }>(
    keeper,
    `SELECT DISTINCT key->>'object' AS object FROM hydra_cutover.archive WHERE rule_id = $1 ORDER BY 1`,
    [ADAPTATION_ID],
  );
  return rows.length === 0 ? {} : { adapted: rows.map(({ object }) => object) };
}

async function readArchived(keeper: SqlClient, rules: readonly string[]): Promise<Map<string, number>> {
  const rows = await queryRows<{ id: string; rows: number }>(
    keeper,
    'SELECT rule_id AS id, count(*)::float8 AS rows FROM hydra_cutover.archive WHERE rule_id = ANY($1) GROUP BY rule_id',
    [rules],
  );
  return new Map(rows.map(({ id, rows: count }) => [id, count]));
}
