import { type CleanReceipt } from '../domain/receipts';
import { type SqlClient, queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { CLEANING_RULES, type CleaningRuleId, applyRules, countRules } from '../hydra/cleaning';
import { beginCleaning, keepResult, readPreparation } from '../hydra/closing';
import { whileBeating } from './green/while-beating';
import { withClosedGreen } from './green/with-green';
import { type Step } from './step';

/**
 * Applies the cleaning rules to green; what they touch is archived there.
 *
 * Idempotent: a repeat goes on with the first try's "now", and once complete, also after the migration, it gives the first result.
 * @throws CutoverFault CHECK_FAILED (data that needs a decision) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const cleanGreen: Step<StepInput, CleanReceipt> = (deps, input, context) =>
  withClosedGreen(deps, input, context, 'clean', async (green) => {
    const before = await readPreparation(green);
    if (before.cleaned !== null) return before.cleaned as CleanReceipt;
    const cleaned = await whileBeating(
      context,
      () => ({ step: 'cleaning' }),
      () => clean(green),
    );
    await keepResult(green, 'cleaned', cleaned);
    return cleaned;
  });

async function clean(green: SqlClient): Promise<CleanReceipt> {
  const counted = await countRules(green, { archiveSchema: 'hydra_cutover' });
  await beginCleaning(green, Object.fromEntries(counted.map(({ id, rows }) => [id, rows])));
  const { cleanAsOf, cleanCounts } = await readPreparation(green);
  const applied = await applyRules(green, { asOf: cleanAsOf ?? '' });
  const archived = await readArchived(green);
  return {
    rules: applied.map(({ id, rows }) => ({
      id,
      // A rule that an earlier try finished counts nothing now.
      rows: Math.max(rows, cleanCounts?.[id] ?? 0),
      archived: archived.get(id) ?? 0,
    })),
  };
}

async function readArchived(green: SqlClient): Promise<Map<CleaningRuleId, number>> {
  const rows = await queryRows<{ id: string; rows: number }>(
    green,
    'SELECT rule_id AS id, count(*)::float8 AS rows FROM hydra_cutover.archive GROUP BY rule_id',
  );
  return new Map(rows.flatMap(({ id, rows: count }) => (isRule(id) ? [[id, count] as const] : [])));
}

function isRule(id: string): id is CleaningRuleId {
  return Object.hasOwn(CLEANING_RULES, id);
}
