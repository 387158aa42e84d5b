import { isCutoverFault } from '../domain/faults';
import { type HydraMetrics } from '../domain/ports/hydra-api';
import { type MetricsReceipt } from '../domain/receipts';
import { type SideName, bySide } from '../domain/sides';
import { type StepInput } from '../domain/steps';
import { type Step, type StepDeps } from './step';

/** What both Hydras say of themselves; null for one that does not answer. */
export const readMetrics: Step<StepInput, MetricsReceipt> = async (deps) => {
  const { from, to } = deps.direction;
  return bySide(deps.direction, await metricsOf(deps, from), await metricsOf(deps, to));
};

async function metricsOf(deps: StepDeps, side: SideName): Promise<HydraMetrics | null> {
  try {
    return await deps.hydra.metrics(side);
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    deps.log.debug({ side, code: error.code }, 'no metrics');
    return null;
  }
}
