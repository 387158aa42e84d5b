import { type StepLog } from '../activities/step';
import { type Config } from '../config/schema';
import { SecretKeeper } from './secret-keeper';

/**
 * Reads the secrets of a config that are kept in AWS Secrets Manager, once.
 * @throws CutoverFault SECRET_UNUSABLE with all problems | SECRETS_UNREACHABLE
 */
export async function readSecrets(config: Config, log: StepLog): Promise<void> {
  const keeper = new SecretKeeper(config, log);
  try {
    await keeper.refresh();
  } finally {
    keeper.close();
  }
}
