import { createLogger } from '../../../config/logger';
import { type Config } from '../../../config/schema';
import { type Plan } from '../../../domain/receipts';
import { type PreflightInput, type Steps } from '../../../domain/steps';
import { createTemporalWorker } from '../../../workers/temporal-worker';
import { fakeSteps, PLAN, REHEARSAL } from '../../workflows/support/fake-steps';

/**
 * A worker as in production, but with steps that do nothing: `fake-worker ADDRESS TASK_QUEUE [DEPLOYMENT BUILD_ID]`. With a
 * version, it makes it the current one. Says `ready` once it polls.
 */
async function main(): Promise<void> {
  const [address = '', taskQueue = '', deploymentName, buildId] = process.argv.slice(2);
  const temporal: Config['temporal'] = { address, taskQueue };
  const steps: unknown = { ...fakeSteps().activities, preflight };
  const versioning = deploymentName === undefined ? undefined : { deploymentName, buildId };
  const logger = createLogger({ level: 'warn' });
  const worker = await createTemporalWorker(temporal, steps as Steps, process.env, logger, versioning);
  const running = worker.run();
  if (versioning !== undefined) await worker.makeCurrent();
  process.stdout.write('ready\n');
  await running;
  await worker.close();
}

async function preflight({ environment, mode }: PreflightInput): Promise<Plan> {
  return { ...PLAN, environment, mode, ...(mode === 'rehearse' ? { rehearsal: REHEARSAL } : {}) };
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
