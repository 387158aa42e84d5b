import { CutoverFault } from '../../domain/faults';
import { type LayerReceipt, type OnlineReceipt } from '../../domain/in-place/receipts';
import { type LayerInput } from '../../domain/in-place/steps';
import { type StepInput } from '../../domain/steps';
import { layCompatibility, switchOldSessions } from '../../hydra/in-place/compatibility';
import { keepPlan, readKeptRun } from '../../hydra/in-place/keep-plan';
import { runActs } from '../../hydra/in-place/run-acts';
import { type InPlaceStep } from './deps';
import { onLiveAlone, pathOf, placeOf, withActTools } from './prepare-live';
import { recycleOldSessions } from './recycle-sessions';

/**
 * The compatibility layer of the running version: kept plan, views, the switch of its role, and proof that no session of it is
 * older than the switch. Nothing of Hydra's is changed before this has returned.
 *
 * Idempotent. @throws CutoverFault CUTOVER_RUNNING | CHECK_FAILED | LOCK_BUSY
 */
export const layLayer: InPlaceStep<LayerInput, LayerReceipt> = async (deps, { cutoverId, plan }, context) => {
  const place = await placeOf(deps);
  return onLiveAlone(deps, context, async (client) => {
    await keepPlan(client, cutoverId, plan);
    const views = await layCompatibility(client, place, {
      ...pathOf(deps.settings),
      changedTables: plan.changedTables,
      acts: plan.acts,
    });
    const since = await switchOldSessions(client, place);
    const seen = await recycleOldSessions(deps, client, place, since, context);
    return { views, sessions: seen.all };
  });
};

/**
 * The acts of the kept plan that are not done yet. Before the first one it proves once more that the old
 * version's sessions look into the views.
 *
 * Idempotent; goes on where an earlier try stopped. @throws CutoverFault CHECK_FAILED | LOCK_BUSY | MIGRATION_FAILED
 */
export const migrateOnline: InPlaceStep<StepInput, OnlineReceipt> = async (deps, _input, context) => {
  const startedAt = Date.now();
  const place = await placeOf(deps);
  return withActTools(deps, context, async (tools) => {
    const kept = await readKeptRun(tools.client);
    if (kept?.switchedAt == null) {
      throw new CutoverFault('CHECK_FAILED', 'the compatibility layer is not laid; start again, it is laid first');
    }
    // Whoever keeps settings of roles somewhere else may have set this one back meanwhile.
    const since = await switchOldSessions(tools.client, place);
    await recycleOldSessions(deps, tools.client, place, since, context);
    await runActs(tools, kept.plan);
    return { acts: kept.plan.acts.length, durationMs: Date.now() - startedAt };
  });
};
