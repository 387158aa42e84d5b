import { createLogger } from '../../../config/logger';
import { type Config } from '../../../config/schema';
import { type Steps } from '../../../domain/steps';
import { createTemporalWorker } from '../../../workers/temporal-worker';
import { fakeSteps } from '../../workflows/support/fake-steps';

/**
 * A worker as in production, but with steps that do nothing: `fake-worker ADDRESS TASK_QUEUE [DEPLOYMENT BUILD_ID]`. With a
 * version, it makes it the current one. Says `ready` once it polls.
 */
async function main(): Promise<void> {
  const [address = '', taskQueue = '', deploymentName, buildId] = process.argv.slice(2);
  const temporal: Config['temporal'] = { address, taskQueue };
  const steps: unknown = fakeSteps().activities;
  const versioning = deploymentName === undefined ? undefined : { deploymentName, buildId };
  const logger = createLogger({ level: 'warn' });
  const worker = await createTemporalWorker(temporal, steps as Steps, process.env, logger, versioning);
  const running = worker.run();
  if (versioning !== undefined) await worker.makeCurrent();
  process.stdout.write('ready\n');
  await running;
  await worker.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
