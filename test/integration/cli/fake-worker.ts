import { createLogger } from '../../../config/logger';
import { type Config } from '../../../config/schema';
import { type Steps } from '../../../domain/steps';
import { createTemporalWorker } from '../../../workers/temporal-worker';
import { fakeSteps } from '../../workflows/support/fake-steps';

/** A worker as in production, but with steps that do nothing: `fake-worker ADDRESS TASK_QUEUE`. */
async function main(): Promise<void> {
  const [address = '', taskQueue = ''] = process.argv.slice(2);
  const temporal: Config['temporal'] = { address, taskQueue };
  const steps: unknown = fakeSteps().activities;
  const worker = await createTemporalWorker(temporal, steps as Steps, process.env, createLogger({ level: 'warn' }));
  await worker.run();
  await worker.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
