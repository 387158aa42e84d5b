import { purge, type PurgeReceipt } from '../activities/purge';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { createPorts } from './ports';
import { SecretKeeper } from './secret-keeper';
import { toSettings } from './settings';

export interface PurgeLocallyOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly cutoverId: string;
  readonly signal: AbortSignal;
}

/** {@link purge} over the adapters of the config, without Temporal. @throws CutoverFault as it does */
export async function purgeLocally({ config, logger, cutoverId, signal }: PurgeLocallyOptions): Promise<PurgeReceipt> {
  const secrets = new SecretKeeper(config, logger);
  const ports = createPorts(config, logger, secrets);
  const deps = { settings: toSettings(config), ...ports, log: logger };
  const heartbeat = (progress: object): void => logger.debug({ step: 'purge', ...progress }, 'progress');
  try {
    await secrets.refresh();
    const input = { cutoverId, environment: config.environment.name };
    return await purge(deps, input, { signal, attempt: 1, heartbeat, lastProgress: undefined });
  } finally {
    await ports.close();
    secrets.close();
  }
}
