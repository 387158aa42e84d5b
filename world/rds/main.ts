import { Command, InvalidArgumentError } from 'commander';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createLogger } from '../../config/logger';
import { CutoverFault, asCutoverFault } from '../../domain/faults';
import { type Principal } from './access/authorize';
import { startRdsEndpoint } from './endpoint';
import { replaceDurably } from '../../gateway/target/durable-json';

interface Arguments {
  readonly stateDir: string;
  readonly port: number;
  readonly controlPort: number;
  readonly runDir: string;
  readonly ready: string;
  readonly tlsDir?: string;
  readonly policy?: string;
}

/** The RDS-compatible endpoint as a process. SIGTERM and SIGINT stop it and all its servers in order. */
async function main(): Promise<void> {
  const logger = createLogger({ bindings: { process: 'rds-endpoint' } });
  try {
    const args = parseArguments(process.argv);
    const stopping = stopSignal();
    const running = await startRdsEndpoint({
      ...args,
      credentials: {
        accessKeyId: fromEnvironment('RDS_ACCESS_KEY_ID'),
        secretAccessKey: fromEnvironment('RDS_SECRET_ACCESS_KEY'),
      },
      ...(args.policy === undefined ? {} : { restricted: restrictedBy(args.policy) }),
      controlToken: fromEnvironment('RDS_CONTROL_TOKEN'),
      region: process.env['RDS_REGION'] ?? 'us-east-1',
      logger,
    });
    const { endpoint, controlEndpoint } = running;
    await mkdir(dirname(resolve(args.ready)), { recursive: true });
    await replaceDurably(resolve(args.ready), `${JSON.stringify({ endpoint, controlEndpoint, pid: process.pid })}\n`);
    logger.info({ endpoint }, 'rds endpoint listens');
    const signal = await stopping;
    logger.info({ signal }, 'rds endpoint stops');
    await running.stop();
  } catch (error) {
    const fault = asCutoverFault(error);
    logger.error({ err: fault, code: fault.code }, 'rds endpoint failed');
    process.exitCode = fault.exitCode;
  }
}

function parseArguments(argv: readonly string[]): Arguments {
  return new Command('rds')
    .description('RDS-compatible endpoint over local PostgreSQL clusters')
    .requiredOption('--state-dir <dir>', 'where instances and snapshots are kept')
    .requiredOption('--port <port>', 'port on 127.0.0.1, 0 takes a free one', parsePort)
    .requiredOption('--control-port <port>', 'port of the fault control, 0 takes a free one', parsePort)
    .requiredOption('--run-dir <dir>', 'where the pids of the servers are recorded')
    .requiredOption('--ready <file>', 'written when the endpoint listens')
    .option('--policy <file>', 'IAM policy of RDS_TOOL_ACCESS_KEY_ID, which may do nothing else')
    .option('--tls-dir <dir>', 'server.pem and server.key of the servers; without it they speak without TLS')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse([...argv])
    .opts<Arguments>();
}

function restrictedBy(policyFile: string): Principal {
  const credentials = {
    accessKeyId: fromEnvironment('RDS_TOOL_ACCESS_KEY_ID'),
    secretAccessKey: fromEnvironment('RDS_TOOL_SECRET_ACCESS_KEY'),
  };
  return { credentials, name: 'hydra-cutover', policyFile };
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(port) || port > 65_535) throw new InvalidArgumentError('not a port');
  return port;
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new CutoverFault(
      'USAGE',
      `the environment variable ${name} is not set; it is needed to start the RDS endpoint`,
    );
  }
  return value;
}

/** Listening from the beginning: a signal during the start must not leave servers behind. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

void main();
