import { inPlacePlanPage } from '../../domain/evidence/in-place-page';
import { type Cutover } from '../cutover';
import { mustApprove } from '../phases/approval';
import { type InPlaceReceipts } from '../run';
import { planOf, untilDone } from './phase';
import { inPlaceSteps } from './steps';

export async function approvePlan({ run, gates }: Cutover, inPlace: InPlaceReceipts): Promise<void> {
  const plan = planOf(inPlace);
  await run.inPhase('plan', async () => {
    await mustApprove(gates, {
      gate: 'plan',
      why: `Read the plan. Nothing was changed yet; \`approve\` begins with the views of Hydra ${plan.from}.`,
      evidence: inPlacePlanPage(plan),
      timeoutMs: plan.gates.planTimeoutMs,
      ifNobody: 'the run ends as rejected; nothing was changed.',
    });
  });
}

/** The running version looks through views, then the tables below them become those of the new one. */
export async function layAndMigrate(cutover: Cutover, inPlace: InPlaceReceipts): Promise<void> {
  const { run, saga } = cutover;
  const { online, catalogDigest } = planOf(inPlace);
  await run.inPhase('layer', async () => {
    saga.register('layer', async () => {
      inPlace.layerStays = (await inPlaceSteps.takeLayerBack(run.stepInput)).stays;
    });
    inPlace.layer = await inPlaceSteps.layLayer({ ...run.stepInput, plan: online });
  });
  await untilDone(cutover, 'online', 'old', async () => {
    inPlace.online = await inPlaceSteps.migrateOnline(run.stepInput);
  });
  await untilDone(cutover, 'bookkeeping', 'old', async () => {
    inPlace.bookkeeping = await inPlaceSteps.bookMigrations({ ...run.stepInput, catalogDigest });
  });
}
