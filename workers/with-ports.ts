import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { createPorts, type Ports } from './ports';
import { SecretKeeper } from './secret-keeper';

/**
 * Does one piece of work over the adapters of the config, without Temporal and with secrets that were just read.
 *
 * @throws CutoverFault SECRET_UNUSABLE | SECRETS_UNREACHABLE | what `work` throws
 */
export async function withPorts<T>(
  config: Config,
  logger: Logger,
  work: (ports: Ports, secrets: SecretKeeper) => Promise<T>,
): Promise<T> {
  const secrets = new SecretKeeper(config, logger);
  const ports = createPorts(config, logger, secrets);
  try {
    await secrets.refresh();
    return await work(ports, secrets);
  } finally {
    await ports.close();
    secrets.close();
  }
}
