import { purge, type PurgeReceipt } from '../activities/purge';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { toSettings } from './settings';
import { withPorts } from './with-ports';

export interface PurgeLocallyOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly cutoverId: string;
  readonly signal: AbortSignal;
}

/** {@link purge} over the adapters of the config, without Temporal. @throws CutoverFault as it does */
export async function purgeLocally({ config, logger, cutoverId, signal }: PurgeLocallyOptions): Promise<PurgeReceipt> {
  const settings = toSettings(config);
  const heartbeat = (progress: object): void => logger.debug({ step: 'purge', ...progress }, 'progress');
  const input = { cutoverId, environment: config.environment.name };
  return withPorts(config, logger, (ports) =>
    purge({ settings, ...ports, log: logger }, input, { signal, attempt: 1, heartbeat, lastProgress: undefined }),
  );
}
