import { CutoverFault } from '../../domain/faults';
import { leaveNoTrace } from '../../hydra/in-place/act-alone';
import { assertNotBegunAnew } from '../../hydra/in-place/bookkeeping';
import { oldSessions, switchOldSessionsBack } from '../../hydra/in-place/compatibility';
import { dropCompatibility } from '../../hydra/in-place/drop-compatibility';
import { readKeptRun } from '../../hydra/in-place/keep-plan';
import { IN_PLACE_SCHEMA } from '../../hydra/in-place/our-schemas';
import { repeatUpdates } from '../../hydra/in-place/run-acts';
import { type RetiredReceipt } from '../../domain/in-place/receipts';
import { type StepInput } from '../../domain/steps';
import { type InPlaceStep } from './deps';
import { onLiveAlone, placeOf, withActTools } from './prepare-live';
import { awaitRecycled } from './recycle-sessions';

/**
 * After the old version was stopped: proves that no session of it is left, brings up what it wrote, and removes the views and what
 * is ours. From here on the old version cannot serve this database any more.
 *
 * Idempotent. @throws CutoverFault LOCK_BUSY (the old version still runs) | CHECK_FAILED (acts are open) | MIGRATION_FAILED (an old
 * `migrate sql` began anew)
 */
export const removeLayer: InPlaceStep<StepInput, RetiredReceipt> = async (deps, _input, context) => {
  const place = await placeOf(deps);
  return withActTools(deps, context, async (tools) => {
    const { client } = tools;
    const kept = await readKeptRun(client);
    if (kept === undefined) {
      await leaveNoTrace(client);
      return { rowsBroughtUp: 0 };
    }
    if (kept.actsDone < kept.plan.acts.length || kept.bookedAt === null) {
      throw new CutoverFault(
        'CHECK_FAILED',
        `${kept.actsDone} of ${kept.plan.acts.length} acts are done: without its views the old version cannot serve, and the new one cannot yet`,
        { actsDone: kept.actsDone },
      );
    }
    await assertNotBegunAnew(tools);
    const left = await oldSessions(client, place, new Date(0).toISOString());
    if (left.all > 0) {
      throw new CutoverFault(
        'LOCK_BUSY',
        `${left.all} sessions of role ${place.oldRole} are there (allowed 0): the old Hydra still runs somewhere; stop all of it`,
        { sessions: left.all },
      );
    }
    const rowsBroughtUp = await repeatUpdates(tools, kept.plan);
    const since = await switchOldSessionsBack(client, place);
    await dropCompatibility(client, place, since);
    await client.query(`DROP SCHEMA IF EXISTS ${IN_PLACE_SCHEMA} CASCADE`);
    return { rowsBroughtUp };
  });
};

/**
 * The undo of the layer. Once the first act has begun it stays: the old version serves through it, and without it not at all.
 *
 * Idempotent; tolerates that nothing was laid. @returns whether it stays
 */
export const takeLayerBack: InPlaceStep<StepInput, { readonly stays: boolean }> = async (deps, _input, context) => {
  const place = await placeOf(deps);
  return onLiveAlone(deps, context, async (client) => {
    const kept = await readKeptRun(client);
    if (kept === undefined) {
      await leaveNoTrace(client);
      return { stays: false };
    }
    if (kept.begunAt !== null) return { stays: true };
    const since = await switchOldSessionsBack(client, place);
    await awaitRecycled(deps, client, place, since, context, kept.switchedAt);
    await dropCompatibility(client, place, since, kept.switchedAt);
    await client.query(`DROP SCHEMA IF EXISTS ${IN_PLACE_SCHEMA} CASCADE`);
    return { stays: false };
  });
};
