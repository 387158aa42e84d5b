import { unknownVersions } from '../../hydra/in-place/bookkeeping';
import { readOwnBookkeeping } from '../../hydra/in-place/own-bookkeeping';
import { type Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive } from './prepare-live';
import { type VendorPlan } from './read-vendor-plan';

/**
 * The old version's own bookkeeping names every migration that its program has: what is missing its next `migrate sql` runs, an init
 * container's say, on tables that have it already. Of a run that goes on it may have been moved, and is not looked at.
 */
export async function checkOwnBookkeeping(
  deps: InPlaceDeps,
  context: StepContext,
  { ownBookkeeping, plan }: Pick<VendorPlan, 'ownBookkeeping' | 'plan'>,
  findings: Findings,
): Promise<void> {
  const { schema, from, to } = deps.settings;
  const kept = await onLive(deps, context, (client) => readOwnBookkeeping(client, schema));
  const unknown = await onLive(deps, context, (client) => unknownVersions(client, schema, plan.bookkeeping));
  if (unknown.length > 0) {
    findings.problem(
      `table ${schema}.schema_migration`,
      `has ${unknown.length} rows that Hydra ${to} never enters, the first ${unknown[0] ?? ''}: another program keeps its versions in it`,
      'move that program to a schema of its own, its table with it: each would take versions of the other for its own',
    );
  }
  if (Object.keys(kept).length === 0 && Object.keys(ownBookkeeping).length > 0) {
    findings.warn(
      `bookkeeping of Hydra ${from} in ${schema}`,
      `is missing (${Object.keys(ownBookkeeping).join(', ')}), as after a migrate sql of Hydra ${to}, whoever broke that off`,
      `start no migrate sql of Hydra ${from} any more (an init container, say): it would begin anew`,
    );
    return;
  }
  for (const [table, wanted] of Object.entries(ownBookkeeping)) {
    const where = `table ${schema}.${table}`;
    const there = kept[table];
    if (there === undefined) {
      const what = `is missing: migrate sql of Hydra ${from} would begin anew with what it keeps there`;
      findings.problem(where, what, `take the table, with its rows, from a database that migrate sql of ${from} made`);
      continue;
    }
    for (const id of wanted.filter((one) => !there.includes(one))) {
      findings.problem(
        where,
        `has no row ${id}: migrate sql of Hydra ${from} would run this migration`,
        `where the schema is complained of too, run that migrate sql first; else the migration was done and only the row is missing: INSERT INTO ${schema}.${table} (id, applied_at) VALUES ('${id}', now())`,
      );
    }
    for (const id of there.filter((one) => !wanted.includes(one))) {
      findings.warn(
        where,
        `has a row ${id} that Hydra ${from} knows nothing of`,
        `find out who entered it: with it migrate sql of Hydra ${from} ends before it does anything`,
      );
    }
  }
}
