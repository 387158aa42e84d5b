import { rename, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { asCutoverFault, CutoverFault } from '../domain/faults';
import { assertSupportedNode } from '../domain/supported-node';
import { loadGatewayConfig } from './node/config';
import { startGateway } from './node/gateway';
import { createLog } from './node/logging';

const USAGE = 'usage: main --config FILE [--ready FILE]';

async function main(): Promise<void> {
  assertSupportedNode(process.versions.node, 'gateway');
  const { config: configFile, ready } = readArguments();
  const loaded = await loadGatewayConfig(configFile, process.env);
  const log = createLog(loaded.config.logLevel);
  const gateway = await startGateway(loaded, { log });
  const { publicUrl, adminUrl, controlUrl, statusUrl } = gateway;
  if (ready !== undefined) {
    await writeFile(`${ready}.draft`, JSON.stringify({ publicUrl, adminUrl, controlUrl, statusUrl, pid: process.pid }));
    await rename(`${ready}.draft`, ready);
  }
  log.info({ publicUrl, adminUrl, controlUrl, statusUrl }, 'gateway started');
  const stop = (signal: string) => {
    log.info({ signal }, 'gateway stopping');
    gateway.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGHUP', () => {
    gateway.reload().then(
      () => log.info('certificates read again'),
      (err: unknown) => log.error({ err }, 'certificates stay as they were'),
    );
  });
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function readArguments(): { config: string; ready: string | undefined } {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' }, ready: { type: 'string' } } });
    if (values.config === undefined) throw new Error('--config is missing');
    return { config: values.config, ready: values.ready };
  } catch (error) {
    throw new CutoverFault('USAGE', `${error instanceof Error ? error.message : String(error)}; ${USAGE}`);
  }
}

function fail(error: unknown): never {
  const fault = asCutoverFault(error);
  process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
  process.exit(fault.exitCode);
}

main().catch(fail);
