import { isCutoverFault } from '../domain/faults';
import { type HydraMetrics } from '../domain/ports/hydra-api';
import { type MetricsReceipt } from '../domain/receipts';
import { type SideName } from '../domain/sides';
import { type StepInput } from '../domain/steps';
import { type Step, type StepDeps } from './step';

/** What both Hydras say of themselves; null for one that does not answer. */
export const readMetrics: Step<StepInput, MetricsReceipt> = async (deps) => ({
  blue: await metricsOf(deps, 'blue'),
  green: await metricsOf(deps, 'green'),
});

async function metricsOf(deps: StepDeps, side: SideName): Promise<HydraMetrics | null> {
  try {
    return await deps.hydra.metrics(side);
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    deps.log.debug({ side, code: error.code }, 'no metrics');
    return null;
  }
}
