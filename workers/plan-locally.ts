import { randomUUID } from 'node:crypto';
import { STEPS } from '../activities';
import { IN_PLACE_STEPS } from '../activities/in-place';
import { notConfigured } from '../activities/in-place/not-configured';
import { type OrderedContext } from '../activities/step';
import { loadConfig } from '../config/load';
import { type Logger } from '../config/logger';
import { type InPlacePlan } from '../domain/in-place/receipts';
import { type Plan } from '../domain/receipts';
import { createInPlacePorts } from './in-place-ports';
import { toSettings } from './settings';
import { withPorts } from './with-ports';

/** Nobody listens to it, and nobody cancels it. */
const OF_NOBODY: OrderedContext = {
  signal: new AbortController().signal,
  attempt: 1,
  order: 0,
  heartbeat: () => undefined,
  lastProgress: undefined,
};

export interface PlanOptions {
  readonly file?: string;
  readonly set: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logger: Logger;
}

/**
 * Preflight as the workflow runs it, in this process and without Temporal. Changes nothing.
 *
 * @throws CutoverFault CHECK_FAILED with all problems; CONFIG_INVALID | CONFIG_UNREADABLE; whatever preflight throws
 */
export async function planLocally({ file, set, env, cwd, logger }: PlanOptions): Promise<Plan> {
  const config = loadConfig({ env, cwd, set, file });
  const settings = toSettings(config);
  return withPorts(config, logger, (ports) =>
    STEPS.preflight(
      { settings, ...ports, log: logger },
      { cutoverId: randomUUID(), environment: settings.environment.name, mode: 'real' },
      OF_NOBODY,
    ),
  );
}

/**
 * The same of an upgrade in place. Changes nothing but the scratch database.
 *
 * @throws CutoverFault CHECK_FAILED with all problems; CONFIG_INVALID | CONFIG_UNREADABLE
 */
export async function planInPlaceLocally({ file, set, env, cwd, logger }: PlanOptions): Promise<InPlacePlan> {
  const config = loadConfig({ env, cwd, set, file });
  if (config.inPlace === undefined) throw notConfigured();
  return withPorts(config, logger, async (ports, secrets) => {
    const inPlace = createInPlacePorts(config, ports, logger, () => secrets.renew());
    try {
      if (inPlace === undefined) throw notConfigured();
      const environment = config.environment.name;
      return await IN_PLACE_STEPS.planInPlace(inPlace, { cutoverId: randomUUID(), environment }, OF_NOBODY);
    } finally {
      await inPlace?.close();
    }
  });
}
