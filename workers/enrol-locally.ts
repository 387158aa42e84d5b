import { enrolParties, type EnrolReceipt } from '../activities/switchover/enrol-parties';
import { realTools } from '../activities/switchover/real-tools';
import { type Config } from '../config/schema';
import { type Logger } from '../config/logger';
import { createPorts } from './ports';
import { SecretKeeper } from './secret-keeper';

export interface EnrolOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Of one gateway or target; undefined for all. */
  readonly name: string | undefined;
  readonly signal: AbortSignal;
}

/** {@link enrolParties} over the adapters of the config, without Temporal. @throws CutoverFault as it does */
export async function enrolLocally({ config, logger, name, signal }: EnrolOptions): Promise<EnrolReceipt> {
  const secrets = new SecretKeeper(config, logger);
  const ports = createPorts(config, logger, secrets);
  try {
    await secrets.refresh();
    return await enrolParties(ports, realTools, { name, signal });
  } finally {
    await ports.close();
    secrets.close();
  }
}
