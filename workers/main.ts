import { errorMessage } from '../domain/error-message';
import { parseArgs } from 'node:util';
import { createLogger } from '../config/logger';
import { asCutoverFault, CutoverFault } from '../domain/faults';
import { runWorker } from './run-worker';

const USAGE = 'usage: worker --config FILE [--set PATH=VALUE]... [--ready FILE] [--make-current]';

async function main(): Promise<void> {
  const { config, set, ready, 'make-current': makeCurrent } = readArguments();
  const exitCode = await runWorker({
    set: set ?? [],
    env: process.env,
    cwd: process.cwd(),
    logger: createLogger({ bindings: { process: 'worker' } }),
    file: config,
    ready,
    makeCurrent,
  });
  process.exit(exitCode);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        set: { type: 'string', multiple: true },
        ready: { type: 'string' },
        'make-current': { type: 'boolean' },
      },
    });
    const config = values.config ?? process.env['HYDRA_CUTOVER_CONFIG'];
    return { ...values, config };
  } catch (error) {
    throw new CutoverFault('USAGE', `${errorMessage(error)}; ${USAGE}`, {}, error);
  }
}

main().catch((error: unknown) => {
  const fault = asCutoverFault(error);
  process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
  process.exit(fault.exitCode);
});
