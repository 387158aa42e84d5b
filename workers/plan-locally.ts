import { randomUUID } from 'node:crypto';
import { STEPS } from '../activities';
import { loadConfig } from '../config/load';
import { type Logger } from '../config/logger';
import { type Plan } from '../domain/receipts';
import { createPorts } from './ports';
import { SecretKeeper } from './secret-keeper';
import { toSettings } from './settings';

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
  const config = loadConfig({ env, cwd, set, ...(file === undefined ? {} : { file }) });
  const settings = toSettings(config);
  const secrets = new SecretKeeper(config, logger);
  const ports = createPorts(config, logger, secrets);
  try {
    await secrets.refresh();
    return await STEPS.preflight(
      { settings, ...ports, log: logger },
      { cutoverId: randomUUID(), environment: settings.environment.name, mode: 'real' },
      { signal: new AbortController().signal, attempt: 1, heartbeat: () => undefined, lastProgress: undefined },
    );
  } finally {
    await ports.close();
    secrets.close();
  }
}
