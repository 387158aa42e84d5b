import { readFileSync } from 'node:fs';
import { createLogger } from '../../../config/logger';
import { type Plan } from '../../../domain/receipts';
import { type Mode } from '../../../domain/runbook';
import { type Asides } from '../../../domain/asides';
import { type StepInput, type Steps } from '../../../domain/steps';
import { createTemporalWorker } from '../../../workers/temporal-worker';
import { fails, PLAN, REHEARSAL, STEP_ANSWERS, FAKE_ASIDES } from '../../workflows/support/fake-steps';

/**
 * A worker as in production with steps that do nothing, or fail for good while their names stand in a file:
 * `steerable-worker ADDRESS TASK_QUEUE FILE [BUILD_ID]`.
 */
async function main(): Promise<void> {
  const [address = '', taskQueue = '', file = '', buildId] = process.argv.slice(2);
  const steps = Object.entries({ ...STEP_ANSWERS, preflight, ...FAKE_ASIDES }).map(([name, step]) => [
    name,
    (input: StepInput) => (failing(file).includes(name) ? fails() : step(input)),
  ]);
  const activities: unknown = Object.fromEntries(steps);
  const worker = await createTemporalWorker(
    { address, taskQueue },
    activities as Steps & Asides,
    process.env,
    createLogger({ level: 'fatal' }),
    buildId === undefined ? undefined : { deploymentName: 'hydra-cutover', buildId },
  );
  await worker.run();
  await worker.close();
}

async function preflight(input: StepInput): Promise<Plan> {
  const { environment } = input;
  const mode: Mode = (input as StepInput & { readonly mode: Mode }).mode;
  return { ...PLAN, environment, mode, ...(mode === 'rehearse' ? { rehearsal: REHEARSAL } : {}) };
}

function failing(file: string): readonly string[] {
  return JSON.parse(readFileSync(file, 'utf8')) as readonly string[];
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
